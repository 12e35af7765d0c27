/* The form of signing in: on its page, and over a page whose session has ended. */

import "../styles/door.css";
import { useState } from "react";
import { Failure, ask, url } from "../api/client";
import { credentialChanged, credentialThere } from "../api/credential";
import { useRead } from "../api/query";
import type { Resource } from "../api/document";
import { Faults } from "../parts/failure";
import { Field } from "../parts/field";
import { Icon } from "../parts/icons";
import { Button, useLate } from "../parts/small";
import { t } from "../words/message";

type Method = Resource<{ kind?: string; name?: string; url?: string }>;

/** So long the form waits to know how one can sign in, in milliseconds. */
const patience = 1500;

/** Returns how one can sign in here. A service that cannot say takes passwords. */
function useMethods() {
	const { data, isError } = useRead<Method[]>(url("signInMethods"), { every: false });
	const methods = data?.data;
	return {
		known: data !== undefined || isError,
		providers: methods?.filter((m) => m.attributes?.kind === "oidc") ?? [],
		password: !methods || methods.some((m) => m.id === "password"),
		// Where methods are told, sessions take a key as well.
		key: methods !== undefined,
	};
}

/** Reports whether it is known how one can sign in, or has taken too long to say. */
export function useMethodsKnown(): boolean {
	const late = useLate(patience);
	return useMethods().known || late;
}

export function SignInForm({ email: known, to, done }: { email?: string; to: string; done: () => void }) {
	const methods = useMethods();
	const [byKey, setByKey] = useState(false);
	if (!useMethodsKnown()) return null; // what came between would move the rest
	return (
		<>
			{methods.providers.map((m) => (
				<a key={m.id} className="button wide" href={`${m.attributes.url}?next=${encodeURIComponent("/console" + to)}`}>
					<Icon name="role" />
					{t("screens.signInForm.continueWith", { name: m.attributes.name ?? m.id })}
				</a>
			))}
			{methods.providers.length > 0 && (
				<p className="or">{byKey ? t("screens.signInForm.orWithAKey") : t("screens.signInForm.orWithAPassword")}</p>
			)}
			{byKey ? <KeyForm done={done} /> : methods.password && <PasswordForm known={known} done={done} />}
			{methods.key && (
				<p className="second row wrap">
					<button className="link" type="button" onClick={() => setByKey(!byKey)}>
						{byKey ? t("screens.signInForm.useAPassword") : t("screens.signInForm.useAManagementKey")}
					</button>
					{!byKey && <span className="quiet">{t("screens.signInForm.firstRunOrNoAccount")}</span>}
				</p>
			)}
		</>
	);
}

/** Sends a sign-in. The password or key is in the form and in this request, and nowhere afterwards. */
function useSigningIn(done: () => void) {
	const [failure, setFailure] = useState<Failure | null>(null);
	const [busy, setBusy] = useState(false);
	const signIn = async (attributes: Record<string, string>) => {
		setBusy(true);
		setFailure(null);
		try {
			await ask("sessions", { method: "POST", body: { data: { type: "sessions", attributes } }, signingIn: true });
			credentialThere();
			credentialChanged();
			done();
		} catch (e) {
			if (!(e instanceof Failure)) throw e;
			setFailure(e);
		} finally {
			setBusy(false);
		}
	};
	return { signIn, failure, busy };
}

function PasswordForm({ known, done }: { known?: string; done: () => void }) {
	const [email, setEmail] = useState(known ?? "");
	const [password, setPassword] = useState("");
	const [code, setCode] = useState("");
	const [asksCode, setAsksCode] = useState(false);
	const { signIn, failure, busy } = useSigningIn(done);
	const refused = failure?.status === 401;
	const needsCode = asksCode || failure?.code === "second_factor_required";
	if (needsCode && !asksCode) setAsksCode(true);
	const wrong =
		!refused || failure?.code === "second_factor_required"
			? undefined
			: asksCode
				? t("screens.signInForm.theCodeTheEMail")
				: t("screens.signInForm.eMailOrPasswordIs");
	return (
		<form
			className="stack gap4"
			noValidate
			onSubmit={(e) => {
				e.preventDefault();
				if (!busy) void signIn({ email, password, ...(code ? { totp: code.trim() } : {}) });
			}}
		>
			<Field
				label={t("common.eMail")}
				type="email"
				autoComplete="username"
				required
				value={email}
				onChange={(e) => setEmail(e.target.value)}
				autoFocus={!known}
			/>
			<Field
				label={t("common.password")}
				type="password"
				autoComplete="current-password"
				required
				value={password}
				wrong={asksCode ? undefined : wrong}
				beside={<Forgotten email={email} />}
				onChange={(e) => setPassword(e.target.value)}
				autoFocus={Boolean(known)}
			/>
			{asksCode && (
				<Field
					label={t("screens.signInForm.codeOfYourSecondFactor")}
					inputMode="numeric"
					autoComplete="one-time-code"
					value={code}
					wrong={wrong}
					autoFocus
					hint={t("screens.signInForm.sixDigitsOrOneOf")}
					onChange={(e) => setCode(e.target.value)}
				/>
			)}
			{!refused && <Faults error={failure} />}
			<Button kind="main" wide type="submit" not={busy && t("common.itIsOnItsWay")}>
				{t("common.signIn")}
			</Button>
		</form>
	);
}

function KeyForm({ done }: { done: () => void }) {
	const [key, setKey] = useState("");
	const { signIn, failure, busy } = useSigningIn(done);
	const refused = failure?.status === 401;
	return (
		<form
			className="stack gap4"
			noValidate
			onSubmit={(e) => {
				e.preventDefault();
				if (!busy) void signIn({ key: key.trim() });
			}}
		>
			<Field
				label={t("common.key2")}
				type="password"
				autoComplete="off"
				value={key}
				wrong={refused ? t("screens.signInForm.thatIsNoKeyThatWorks") : undefined}
				hint={t("screens.signInForm.itIsExchangedForA")}
				onChange={(e) => setKey(e.target.value)}
				autoFocus
			/>
			{!refused && <Faults error={failure} />}
			<Button kind="main" wide type="submit" not={busy && t("common.itIsOnItsWay")}>
				{t("common.signIn")}
			</Button>
		</form>
	);
}

/** Asks for a mail with a link. The answer is the same whether there is somebody with that address. */
function Forgotten({ email }: { email: string }) {
	const [state, setState] = useState<"" | "asked" | "unknown">("");
	const send = async () => {
		if (!email.includes("@")) {
			setState("unknown");
			return;
		}
		try {
			await ask("passwordResets", {
				method: "POST",
				body: { data: { type: "passwordResets", attributes: { email } } },
				signingIn: true,
			});
		} catch {
			// Whether it can be sent says something about the address or the service; neither is told here.
		}
		setState("asked");
	};
	if (state === "asked") return <span role="status">{t("screens.signInForm.aLinkIsOnIts")}</span>;
	return (
		<button className="link" type="button" onClick={() => void send()}>
			{state === "unknown" ? t("screens.signInForm.typeYourEMailFirst") : t("screens.signInForm.forgotten")}
		</button>
	);
}
