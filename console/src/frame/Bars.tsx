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
import { ago } from "../words/time";
import { signOut } from "../screens/sign-out";
import { rich, t } from "../words/message";

export function Bars({ me }: { me: Me | undefined }) {
	const { offline, silent, until, replaced } = useConnection();
	const byKey = me && me.type !== "users";
	if (!byKey && !offline && !silent && until === 0 && !replaced) return null;
	return (
		<section aria-label={t("frame.bars.whatHoldsForEveryPage")}>
			{byKey && <ByKey me={me} />}
			{offline ? (
				<p className="bar" data-is="warn" role="status">
					<Icon name="alert" />
					{t("frame.bars.noNetworkWhatIsLoaded")}
				</p>
			) : silent ? (
				<p className="bar" data-is="warn" role="status">
					<Icon name="alert" />
					{t("frame.bars.theServiceDoesNotAnswer")}
				</p>
			) : (
				until > 0 && <TooMany until={until} />
			)}
			{replaced && (
				<p className="bar" data-is="warn">
					<Icon name="alert" />
					<span role="status">{t("frame.bars.theServiceIsAnotherVersion")}</span>
					<button className="link end" type="button" onClick={() => location.reload()}>
						{t("frame.bars.loadThePageAnew")}
					</button>
				</p>
			)}
		</section>
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
			{rich("frame.bars.tooManyRequestsItGoes", { status: (words) => <span role="status">{words}</span>, max: Math.max(left, 1) })}
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
				{rich("frame.bars.youActAs", {
					type: me.type,
					kind: me.attributes.kind ?? "",
					name: (
						<b>
							<Typed>{me.attributes.name}</Typed>
						</b>
					),
					ends: String(Boolean(ends)),
					when: ends ? ago(ends) : "",
				})}
			</span>
			<button className="link end" type="button" onClick={signOut}>
				{t("common.signOut")}
			</button>
		</p>
	);
}
