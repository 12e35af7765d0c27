/* What the doors have in common: how they look, and the token of a link, which is read once. */

import "../styles/door.css";
import { useEffect, useRef, useState, type ReactNode } from "react";
import { Mark } from "../parts/icons";
import { DoorArt } from "./door-art";
import { t } from "../words/message";

/** A door: its heading gets the focus when it changes, so that who hears the page hears what has become of it. */
export function Door({ title, said, children }: { title: ReactNode; said?: ReactNode; children?: ReactNode }) {
	const head = useRef<HTMLHeadingElement>(null);
	const name = typeof title === "string" ? title : "";
	useEffect(() => {
		document.title = t("screens.door.roster", { name: name || t("screens.door.invitation") });
		head.current?.focus();
	}, [name]);
	return (
		<main className="door">
			<div className="door-form">
				<div>
					<span className="wordmark">
						<Mark />
						{t("common.roster")}
					</span>
					<div className="stack gap1">
						<h1 ref={head} tabIndex={-1}>
							{title}
						</h1>
						{said && <p className="second">{said}</p>}
					</div>
					{children}
				</div>
			</div>
			<DoorArt />
		</main>
	);
}

let taken = "";

/** Takes the token of a link out of the address, so that it stays in no history. Whoever asks again gets the same one. */
function take(): string {
	const found = new URLSearchParams(location.hash.slice(1)).get("token");
	if (location.hash) history.replaceState(history.state, "", location.pathname + location.search);
	if (found) taken = found;
	return taken;
}

/** Returns the token of the link that led here, "" for none, and of another one that is opened in the same window. */
export function useLinkToken(): string {
	const [token, setToken] = useState(take);
	useEffect(() => {
		const look = () => setToken(take());
		window.addEventListener("hashchange", look);
		return () => {
			window.removeEventListener("hashchange", look);
			taken = ""; // it is for this door alone
		};
	}, []);
	return token;
}
