/* The door. */

import "../styles/door.css";
import { useLocation, useSearchParams } from "wouter";
import { queries } from "../api/query";
import { Mark } from "../parts/icons";
import { DoorArt } from "./door-art";
import { SignInForm, useMethodsKnown } from "./sign-in-form";
import { t } from "../words/message";

export default function SignIn() {
	const [, go] = useLocation();
	const [query] = useSearchParams();
	const to = ownPath(query.get("to"));
	const known = useMethodsKnown();
	document.title = t("screens.signIn.signInRoster");
	return (
		<main className="door">
			<div className="door-form">
				{known && (
					<div>
						<span className="wordmark">
							<Mark />
							{t("common.roster")}
						</span>
						<div className="stack gap1">
							<h1>{t("common.signIn")}</h1>
							<p className="second">{location.host}</p>
						</div>
						<SignInForm
							to={to}
							done={() => {
								queries.clear(); // nothing of who was here before is shown to who comes
								go(to, { replace: true });
							}}
						/>
					</div>
				)}
			</div>
			<DoorArt />
		</main>
	);
}

/** Returns the path that a link into the console asked for; only one of the console's own. */
export function ownPath(to: string | null): string {
	if (!to || !to.startsWith("/") || to.startsWith("//") || to.includes("\\")) return "/";
	const at = new URL(to, location.origin);
	return at.origin === location.origin && !at.pathname.startsWith("/sign-in") ? at.pathname + at.search : "/";
}
