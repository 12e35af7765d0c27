/* Who has changed something meanwhile, what of it, and when, by its last event; nothing for those who may not read that. */

import { url } from "../../api/client";
import type { RecordedEvent } from "../../api/resources";
import { useRead } from "../../api/query";
import { Typed } from "../../parts/small";
import { all } from "../../words/count";
import { ago } from "../../words/time";
import { actorName, changesOf } from "../events/Sentence";
import { t } from "../../words/message";

export default function Changed({ id }: { id: string }) {
	const last = useRead<RecordedEvent[]>(
		url("events", {
			"filter[subjectId]": id,
			sort: "-occurredAt",
			"fields[events]": "actor,occurredAt,changes,eventType",
			"page[size]": 1,
		}),
		{ every: false },
	);
	const event = last.data?.data[0];
	if (!event || last.isPlaceholderData) return null;
	const said = { actorName: actorName(event), when: ago(event.attributes.occurredAt) };
	const what = Object.keys(changesOf(event));
	return (
		<Typed>
			{what.length > 0 && what.length < 4
				? t("organization.changed.changed", { ...said, what: all(what) })
				: t("organization.changed.did", said)}
		</Typed>
	);
}
