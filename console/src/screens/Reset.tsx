/* The door that the link of a password reset leads to. Without one, it is asked for here. */

import { useState } from "react";
import { Link } from "wouter";
import { Failure, ask } from "../api/client";
import { Faults } from "../parts/failure";
import { Field } from "../parts/field";
import { Button } from "../parts/small";
import { Door, useLinkToken } from "./door";

export default function Reset() {
	const token = useLinkToken();
	const [became, setBecame] = useState<{ of: string; what: "set" | "dead" } | "asked" | null>(null);
	if (became === "asked") {
		return (
			<Door
				title="Look into your mail"
				said="If there is an account with that address, a link is on its way to it. It works for an hour."
			/>
		);
	}
	if (became && became.of === token && became.what === "set") {
		return (
			<Door title="Your password is set" said="Wherever you were signed in, you are signed out.">
				<Link className="button wide" data-kind="main" href="/sign-in">
					Sign in
				</Link>
			</Door>
		);
	}
	if (token && !(became && became.of === token)) {
		return (
			<Door title="Set another password" said="Wherever you are signed in, you are then signed out.">
				<SetPassword key={token} token={token} became={(what) => setBecame({ of: token, what })} />
			</Door>
		);
	}
	return token ? (
		<Door title="This link does not work" said="It was used, or another one was sent, or its hour is over. Have one sent again.">
			<AskForLink asked={() => setBecame("asked")} />
		</Door>
	) : (
		<Door title="Another password" said="Say who you are, and a link is sent to you.">
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
				label="New password"
				type="password"
				autoComplete="new-password"
				maxLength={200}
				required
				hint="12 characters or more, that you use nowhere else."
				value={password}
				wrong={failure?.at("/meta/password")}
				onChange={(e) => setPassword(e.target.value)}
			/>
			<Faults error={failure} fields={["/meta/password"]} />
			<Button kind="main" wide type="submit" not={busy && "It is on its way"}>
				Set it, and sign out everywhere
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
				label="E-mail"
				type="email"
				autoComplete="username"
				required
				value={email}
				wrong={failure?.at("/data/attributes/email")}
				onChange={(e) => setEmail(e.target.value)}
			/>
			<Faults error={failure} fields={["/data/attributes/email"]} />
			<Button kind="main" wide type="submit" not={busy && "It is on its way"}>
				Send me a link
			</Button>
			<Link className="second" href="/sign-in">
				Back to signing in
			</Link>
		</form>
	);
}
