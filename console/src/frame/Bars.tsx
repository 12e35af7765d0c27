/* What is said above every page while it is so: no network, no answer, too many requests, and that a key is signed in. */

import { useEffect, useState } from "react";
import { goOn, useConnection } from "../api/connection";
import { url } from "../api/client";
import type { Me } from "../api/me";
import { useRead } from "../api/query";
import type { Resource } from "../api/document";
import type { SessionAttributes } from "../api/resources";
import { Icon } from "../parts/icons";
import { Typed } from "../parts/small";
import { count } from "../words/count";
import { ago } from "../words/time";
import { signOut } from "../screens/sign-out";

export function Bars({ me }: { me: Me | undefined }) {
	const { offline, silent, until } = useConnection();
	return (
		<>
			{me && me.type !== "users" && <ByKey me={me} />}
			{offline ? (
				<p className="bar" data-is="warn" role="status">
					<Icon name="alert" />
					No network. What is loaded can be read; nothing can be changed.
				</p>
			) : silent ? (
				<p className="bar" data-is="warn" role="status">
					<Icon name="alert" />
					The service does not answer. What is loaded can be read; it is asked again by itself.
				</p>
			) : (
				until > 0 && <TooMany until={until} />
			)}
		</>
	);
}

/** Counts down to when the service takes requests again. What waited for that is sent by itself then. */
function TooMany({ until }: { until: number }) {
	const [now, setNow] = useState(() => Date.now());
	const left = Math.ceil((until - now) / 1000);
	useEffect(() => {
		const timer = setInterval(() => setNow(Date.now()), 250);
		return () => clearInterval(timer);
	}, []);
	useEffect(() => {
		if (left <= 0) goOn();
	}, [left]);
	return (
		<p className="bar" data-is="warn">
			<Icon name="clock" />
			<span role="status">Too many requests. It goes on by itself,</span> in {count(Math.max(left, 1), "second")}.
		</p>
	);
}

/** Names the key that a session acts as, which can do more than people usually can, and when it ends. */
function ByKey({ me }: { me: Me }) {
	const session = useRead<Resource<SessionAttributes>>(url("sessions/current"), { every: 60_000 });
	const ends = session.data?.data.attributes.expiresAt;
	return (
		<p className="bar" data-is="key">
			<Icon name="key" />
			<span>
				You act as {me.type === "apiKeys" ? `the ${me.attributes.kind ?? ""} key` : "the token of"}{" "}
				<b>
					<Typed>{me.attributes.name}</Typed>
				</b>
				{me.attributes.kind === "management" && ": everything of this service, whoever it belongs to"}
				{ends ? `. It ends ${ago(ends)}` : ""}.
			</span>
			<button className="link end" type="button" onClick={signOut}>
				Sign out
			</button>
		</p>
	);
}
