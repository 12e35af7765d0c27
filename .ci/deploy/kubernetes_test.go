package deploy

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
)

// valuesOfUsers are the installations that the chart is tried with: as it comes, with everything, and with as little as there can be.
var valuesOfUsers = map[string]string{
	"nothing": ``,
	"everything": `
replicas: 5
image: {repository: registry.example.com/roster, tag: "@sha256:` + strings.Repeat("ab", 32) + `", pullSecrets: [registry]}
database: {secret: pg, key: pooled, migrationKey: direct}
settings: {log-format: json, max-body: 5242880, rate-limit: 100000000, trusted-proxies: 10.0.0.0/8, base-url: https://roster.example.com,
  users-create-organizations: true}
env:
  - {name: ROSTER_SMTP_URL, valueFrom: {secretKeyRef: {name: mail, key: url}}}
  - {name: GOMEMLIMIT, value: 400MiB}
tls: {secret: roster-tls}
oidcProviders: {secret: roster-oidc}
service: {type: LoadBalancer, port: 443, annotations: {a: b}}
ingress: {enabled: true, className: nginx, tlsSecret: public, annotations: {c: d}}
podDisruptionBudget: {minAvailable: 50%}
networkPolicy:
  enabled: true
  from: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: ingress}}}]
  metricsFrom: [{podSelector: {matchLabels: {app: prometheus}}}]
  database: {to: [{ipBlock: {cidr: 10.1.2.3/32}}], port: 6432}
  egress: [{ports: [{port: 465}], to: [{ipBlock: {cidr: 10.1.2.4/32}}]}]
serviceAccount: {name: somebody, annotations: {e: f}}
podAnnotations: {g: h}
podLabels: {team: people}
nodeSelector: {disk: fast}
tolerations: [{key: x, operator: Exists}]
affinity: {nodeAffinity: {}}
`,
	"little": `
replicas: 1
firstKey: {create: false}
settings: {}
networkPolicy: {enabled: true, webhookPorts: []}
serviceAccount: {create: false}
resources: {}
`,
}

// objects reads what was rendered as Kubernetes does that takes no unknown field.
func objects(t *testing.T, written string) []runtime.Object {
	t.Helper()
	files, err := render(t, written, asHelm)
	if err != nil {
		t.Fatal(err)
	}
	known := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		appsv1.AddToScheme, batchv1.AddToScheme, corev1.AddToScheme, networkingv1.AddToScheme, policyv1.AddToScheme,
	} {
		if err := add(known); err != nil {
			t.Fatal(err)
		}
	}
	strict := serializer.NewCodecFactory(known, serializer.EnableStrict).UniversalDeserializer()
	var all []runtime.Object
	for _, document := range documents(files) {
		object, _, err := strict.Decode([]byte(document), nil, nil)
		if err != nil {
			t.Fatalf("%v:\n%s", err, document)
		}
		all = append(all, object)
	}
	return all
}

func of[T runtime.Object](all []runtime.Object) (found []T) {
	for _, object := range all {
		if o, ok := object.(T); ok {
			found = append(found, o)
		}
	}
	return found
}

// pods returns every pod that an installation runs, by the name of what makes it.
func pods(all []runtime.Object) map[string]corev1.PodTemplateSpec {
	found := map[string]corev1.PodTemplateSpec{}
	for _, d := range of[*appsv1.Deployment](all) {
		found[d.Name] = d.Spec.Template
	}
	for _, j := range of[*batchv1.Job](all) {
		found[j.Name] = j.Spec.Template
	}
	return found
}

func TestWhatIsRenderedIsOfKubernetes(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"nothing": "*v1.Deployment *v1.Job *v1.PodDisruptionBudget *v1.Service *v1.Service *v1.ServiceAccount",
		"everything": "*v1.Deployment *v1.Ingress *v1.Job *v1.NetworkPolicy *v1.PodDisruptionBudget *v1.Service *v1.Service " +
			"*v1.ServiceAccount",
		"little": "*v1.Deployment *v1.NetworkPolicy *v1.Service *v1.Service",
	} {
		var kinds []string
		for _, object := range objects(t, valuesOfUsers[name]) {
			kinds = append(kinds, typeName(object))
		}
		slices.Sort(kinds)
		if got := strings.Join(kinds, " "); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

// TestNoPodMayMoreThanItNeeds is what "restricted" of the Pod Security Standards asks for, and a root file system that nobody writes to.
func TestNoPodMayMoreThanItNeeds(t *testing.T) {
	t.Parallel()
	for name, written := range valuesOfUsers {
		for owner, pod := range pods(objects(t, written)) {
			spec := pod.Spec
			s := spec.SecurityContext
			if s == nil || !*s.RunAsNonRoot || *s.RunAsUser == 0 || s.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault ||
				*spec.AutomountServiceAccountToken || *spec.EnableServiceLinks || spec.HostNetwork || spec.HostPID || spec.HostIPC {
				t.Errorf("%s, %s: the pod may too much: %+v", name, owner, spec)
			}
			for _, c := range slices.Concat(spec.InitContainers, spec.Containers) {
				s := c.SecurityContext
				if s == nil || *s.AllowPrivilegeEscalation || !*s.ReadOnlyRootFilesystem || s.Privileged != nil ||
					len(s.Capabilities.Add) > 0 || !slices.Equal(s.Capabilities.Drop, []corev1.Capability{"ALL"}) {
					t.Errorf("%s, %s, %s: the container may too much: %+v", name, owner, c.Name, s)
				}
			}
		}
	}
}

// TestEveryNameInAPodLeadsSomewhere looks for what a cluster finds out only when a pod does not start.
func TestEveryNameInAPodLeadsSomewhere(t *testing.T) {
	t.Parallel()
	for name, written := range valuesOfUsers {
		for owner, pod := range pods(objects(t, written)) {
			volumes := map[string]bool{}
			for _, v := range pod.Spec.Volumes {
				volumes[v.Name] = true
				if v.Secret == nil || *v.Secret.DefaultMode != 0o400 {
					t.Errorf("%s, %s: the volume %s is no secret for the program alone: %+v", name, owner, v.Name, v)
				}
			}
			mounted := map[string]bool{}
			for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
				places, variables := []string{}, map[string]bool{}
				for _, m := range c.VolumeMounts {
					places, mounted[m.Name] = append(places, m.MountPath), true
					if !volumes[m.Name] || !m.ReadOnly {
						t.Errorf("%s, %s, %s: %s is mounted so: %+v", name, owner, c.Name, m.Name, m)
					}
				}
				for _, v := range c.Env {
					if variables[v.Name] {
						t.Errorf("%s, %s, %s: %s is set twice", name, owner, c.Name, v.Name)
					}
					variables[v.Name] = true
					dir := v.Value[:max(0, strings.LastIndex(v.Value, "/"))]
					if strings.HasPrefix(dir, "/") && !slices.Contains(places, dir) {
						t.Errorf("%s, %s, %s: nothing is mounted where %s=%s is", name, owner, c.Name, v.Name, v.Value)
					}
				}
			}
			if len(mounted) != len(volumes) {
				t.Errorf("%s, %s: mounted are %v of %v", name, owner, mounted, volumes)
			}
		}
	}
}

// TestWhatSelectsPodsSelectsTheServers compares every selector with the labels of the pods.
func TestWhatSelectsPodsSelectsTheServers(t *testing.T) {
	t.Parallel()
	for name, written := range valuesOfUsers {
		all := objects(t, written)
		server := of[*appsv1.Deployment](all)[0]
		ports := map[string]bool{}
		for _, p := range server.Spec.Template.Spec.Containers[0].Ports {
			ports[p.Name] = true
		}
		selectors := map[string]map[string]string{"deployment": server.Spec.Selector.MatchLabels,
			"spread": server.Spec.Template.Spec.TopologySpreadConstraints[0].LabelSelector.MatchLabels}
		for _, s := range of[*corev1.Service](all) {
			selectors[s.Name] = s.Spec.Selector
			for _, p := range s.Spec.Ports {
				if !ports[p.TargetPort.StrVal] {
					t.Errorf("%s: the service %s leads to a port %q that there is not", name, s.Name, p.TargetPort.StrVal)
				}
			}
		}
		for _, b := range of[*policyv1.PodDisruptionBudget](all) {
			selectors["budget"] = b.Spec.Selector.MatchLabels
		}
		for _, p := range of[*networkingv1.NetworkPolicy](all) {
			selectors["policy"] = p.Spec.PodSelector.MatchLabels
		}
		for owner, pod := range pods(all) {
			for what, selector := range selectors {
				selects := labels.SelectorFromSet(selector).Matches(labels.Set(pod.Labels))
				if selects != (owner == server.Name) {
					t.Errorf("%s: %s selects the pods of %s: %v", name, what, owner, selects)
				}
			}
		}
	}
}

func TestARunningPodStopsAndIsAskedAsTheProgramExpects(t *testing.T) {
	t.Parallel()
	for name, written := range valuesOfUsers {
		pod := pods(objects(t, written))["roster"].Spec
		server := pod.Containers[0]
		stopping := int64(0)
		for _, v := range server.Env {
			if v.Name == "ROSTER_SHUTDOWN_DELAY" || v.Name == "ROSTER_SHUTDOWN_GRACE" {
				seconds, err := strconv.ParseInt(strings.TrimSuffix(v.Value, "s"), 10, 64)
				if err != nil {
					t.Error(err)
				}
				stopping += seconds
			}
		}
		if stopping == 0 || *pod.TerminationGracePeriodSeconds <= stopping {
			t.Errorf("%s: killed after %d s, and stopping takes up to %d s", name, *pod.TerminationGracePeriodSeconds, stopping)
		}
		if server.LivenessProbe.HTTPGet.Path == server.ReadinessProbe.HTTPGet.Path {
			t.Errorf("%s: a database that is away restarts the pods", name)
		}
		want := corev1.URISchemeHTTP
		if name == "everything" { // the only one with a certificate
			want = corev1.URISchemeHTTPS
		}
		for _, probe := range []*corev1.Probe{server.StartupProbe, server.LivenessProbe, server.ReadinessProbe} {
			if probe.HTTPGet.Scheme != want {
				t.Errorf("%s: %s is asked by %s", name, probe.HTTPGet.Path, probe.HTTPGet.Scheme)
			}
		}
	}
}

// TestSettingsArriveAsTheyWereWritten is about numbers: YAML makes a floating-point number of a large one.
func TestSettingsArriveAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	set := map[string]string{}
	pod := pods(objects(t, valuesOfUsers["everything"]))["roster"].Spec
	for _, v := range pod.Containers[0].Env {
		set[v.Name] = v.Value
	}
	for name, want := range map[string]string{
		"ROSTER_MAX_BODY": "5242880", "ROSTER_RATE_LIMIT": "100000000", "ROSTER_USERS_CREATE_ORGANIZATIONS": "true",
		"ROSTER_TRUSTED_PROXIES": "10.0.0.0/8", "ROSTER_LOG_FORMAT": "json", "GOMEMLIMIT": "400MiB",
	} {
		if set[name] != want {
			t.Errorf("%s is %q, want %q", name, set[name], want)
		}
	}
	if key := pod.InitContainers[0].Env[0].ValueFrom.SecretKeyRef.Key; key != "direct" {
		t.Errorf("migrations use the URL of %q", key)
	}
}

func typeName(object runtime.Object) string { return strings.TrimSpace(fmt.Sprintf("%T", object)) }
