{{/* The name of everything in this release. */}}
{{- define "roster.name" -}}
{{- if contains "roster" .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-roster" (.Release.Name | trunc 40 | trimSuffix "-") -}}
{{- end -}}
{{- end -}}

{{- define "roster.selector" -}}
app.kubernetes.io/name: roster
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "roster.labels" -}}
{{ include "roster.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "roster.image" -}}
{{- $tag := .Values.image.tag | default .Chart.AppVersion -}}
{{- if hasPrefix "@" $tag -}}
{{- printf "%s%s" .Values.image.repository $tag | quote -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository $tag | quote -}}
{{- end -}}
{{- end -}}

{{- define "roster.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "roster.name" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{/* What every pod of ours has: nobody's user, nothing to write to, no right of the cluster. */}}
{{- define "roster.pod" -}}
automountServiceAccountToken: false
# Kubernetes would set a variable for every Service of the namespace, and ROSTER_… is what the program reads its settings from.
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: 65532
  runAsGroup: 65532
  # The group that the file of the secret key is readable by.
  fsGroup: 65532
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{- define "roster.container" -}}
image: {{ include "roster.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
{{- end -}}

{{/* What every command needs. The key of the Secret with the URL is the argument. */}}
{{- define "roster.storage" -}}
- name: ROSTER_DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ .root.Values.database.secret }}
      key: {{ .key }}
- name: ROSTER_SECRET_KEY_FILE
  value: /etc/roster/key/{{ .root.Values.secretKey.key }}
{{- end -}}

{{/* Brings the schema up to date. A container of its own, since no probe ends a migration that takes long. */}}
{{- define "roster.migrate" -}}
- name: migrate
  {{- include "roster.container" . | nindent 2 }}
  args: [migrate, up]
  env:
    {{- include "roster.storage" (dict "root" . "key" (.Values.database.migrationKey | default .Values.database.key)) | nindent 4 }}
  volumeMounts:
    - {name: key, mountPath: /etc/roster/key, readOnly: true}
  resources:
    requests: {cpu: 50m, memory: 64Mi}
    limits: {memory: 256Mi}
{{- end -}}

{{- define "roster.keyVolume" -}}
- name: key
  secret:
    secretName: {{ .Values.secretKey.secret }}
    # With fsGroup Kubernetes makes it readable for the group, and for nobody else.
    defaultMode: 0400
{{- end -}}
