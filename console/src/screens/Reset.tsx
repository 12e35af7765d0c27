/* The door that the link of a password reset leads to. Without one, it is asked for here. */

import { useState } from "react";
import { Link } from "wouter";
import { Failure, ask } from "../api/client";
import { Faults } from "../parts/failure";
import { Field } from "../parts/field";
import { Button } from "../parts/small";
import { Door, useLinkToken } from "./door";
import { t } from "../words/message";

export default function Reset() {
	const token = useLinkToken();
	const [became, setBecame] = useState<{ of: string; what: "set" | "dead" } | "asked" | null>(null);
	if (became === "asked") {
		return <Door title={t("screens.reset.lookIntoYourMail")} said={t("screens.reset.ifThereIsAnAccount")} />;
	}
	if (became && became.of === token && became.what === "set") {
		return (
			<Door title={t("screens.reset.yourPasswordIsSet")} said={t("screens.reset.whereverYouWereSignedIn")}>
				<Link className="button wide" data-kind="main" href="/sign-in">
					{t("common.signIn")}
				</Link>
			</Door>
		);
	}
	if (token && !(became && became.of === token)) {
		return (
			<Door title={t("screens.reset.setAnotherPassword")} said={t("screens.reset.whereverYouAreSignedIn")}>
				<SetPassword key={token} token={token} became={(what) => setBecame({ of: token, what })} />
			</Door>
		);
	}
	return token ? (
		<Door title={t("common.thisLinkDoesNotWork")} said={t("screens.reset.itWasUsedOrAnother")}>
			<AskForLink asked={() => setBecame("asked")} />
		</Door>
	) : (
		<Door title={t("screens.reset.anotherPassword")} said={t("screens.reset.sayWhoYouAreAnd")}>
			<AskForLink asked={() => setBecame("asked")} />
		</Door>
	);
}

/** Sends something, once at a time, and keeps why it was refused. */
function useSending() {
	const [failure, setFailure] = useState<Failure | null>(null);
	const [busy, setBusy] = useState(false);
	const post = async (path: string, body: unknown, done: () => void, refused?: (e: Failure) => void) => {
		if (busy) return;
		setBusy(true);
		setFailure(null);
		try {
			await ask(path, { method: "POST", body, signingIn: true });
			done();
		} catch (e) {
			if (!(e instanceof Failure)) throw e;
			setFailure(e);
			refused?.(e);
		} finally {
			setBusy(false);
		}
	};
	return { post, failure, busy };
}

function SetPassword({ token, became }: { token: string; became: (what: "set" | "dead") => void }) {
	const [password, setPassword] = useState("");
	const { post, failure, busy } = useSending();
	return (
		<form
			className="stack gap4"
			noValidate
			onSubmit={(e) => {
				e.preventDefault();
				void post(
					"passwordResets/confirm",
					{ meta: { token, password } },
					() => became("set"),
					(refused) => refused.status === 404 && became("dead"),
				);
			}}
		>
			<Field
				label={t("common.newPassword")}
				type="password"
				autoComplete="new-password"
				maxLength={200}
				required
				hint={t("screens.reset.12CharactersOrMoreThat")}
				value={password}
				wrong={failure?.at("/meta/password")}
				onChange={(e) => setPassword(e.target.value)}
			/>
			<Faults error={failure} fields={["/meta/password"]} />
			<Button kind="main" wide type="submit" not={busy && t("common.itIsOnItsWay")}>
				{t("screens.reset.setItAndSignOut")}
			</Button>
		</form>
	);
}

function AskForLink({ asked }: { asked: () => void }) {
	const [email, setEmail] = useState("");
	const { post, failure, busy } = useSending();
	return (
		<form
			className="stack gap4"
			noValidate
			onSubmit={(e) => {
				e.preventDefault();
				void post("passwordResets", { data: { type: "passwordResets", attributes: { email } } }, asked);
			}}
		>
			<Field
				label={t("common.eMail")}
				type="email"
				autoComplete="username"
				required
				value={email}
				wrong={failure?.at("/data/attributes/email")}
				onChange={(e) => setEmail(e.target.value)}
			/>
			<Faults error={failure} fields={["/data/attributes/email"]} />
			<Button kind="main" wide type="submit" not={busy && t("common.itIsOnItsWay")}>
				{t("screens.reset.sendMeALink")}
			</Button>
			<Link className="second" href="/sign-in">
				{t("screens.reset.backToSigningIn")}
			</Link>
		</form>
	);
}
