/* One event as a page, which a link leads to. */

import { url } from "../../api/client";
import type { RecordedEvent } from "../../api/resources";
import { useRead } from "../../api/query";
import { usePage } from "../../frame/page";
import { Refused } from "../../parts/failure";
import { Ghosts } from "../../parts/small";
import { dayTitle } from "../../words/time";
import EventCard from "./EventCard";
import { useNames } from "./names";
import { Sentence, actorName } from "./Sentence";
import { t } from "../../words/message";

export default function One({ id }: { id: string }) {
	const request = url(`events/${id}`, { include: "organization" });
	const read = useRead<RecordedEvent>(request, { every: false });
	const e = read.data?.data;
	const known = [...(read.data?.included ?? []), ...useNames(e ? [e] : [])];
	usePage({
		title: e?.attributes.eventType ?? t("common.event"),
		crumbs: [{ name: t("common.events"), to: "/events" }, { name: e?.attributes.eventType ?? "…" }],
		request,
	});
	if (read.error && !e)
		return (
			<div className="page">
				<Refused error={read.error} again={() => void read.refetch()} />
			</div>
		);
	if (!e)
		return (
			<div className="page">
				<Ghosts />
			</div>
		);
	return (
		<div className="page stack gap4 one-event">
			<div>
				<h1 className="mono">{e.attributes.eventType}</h1>
				<p className="second">
					{dayTitle(e.attributes.occurredAt ?? "")}. {actorName(e)} <Sentence event={e} included={known} />
				</p>
			</div>
			<EventCard event={e} known={known} />
		</div>
	);
}
