/* Events by day, each a sentence; one that is opened shows what changed and who did it. */

import { Suspense, useMemo, useState } from "react";
import { url } from "../../api/client";
import type { Resource } from "../../api/document";
import type { RowSource } from "../../api/pages";
import type { RecordedEvent } from "../../api/resources";
import { useRead } from "../../api/query";
import { useKeys } from "../../frame/keys";
import { later } from "../../parts/later";
import { Icon } from "../../parts/icons";
import { List } from "../../parts/rows";
import { visible } from "../../words/count";
import { clock, dayTitle } from "../../words/time";
import { useQueryState } from "../query-state";
import { useNames } from "./names";
import { Sentence, actorName } from "./Sentence";
import { t } from "../../words/message";

const EventCard = later(() => import("./EventCard"));

interface ListProps {
	list: RowSource<RecordedEvent>;
	included: Resource[];
	here?: string;
}

/** Names are asked for those near the window, so many at a time. */
const block = 25;

export function EventList({ list, included, here }: ListProps) {
	const [open, setOpen] = useQueryState("open");
	useKeys(open ? [{ key: "Esc", label: t("events.eventList.closeTheEvent"), act: () => setOpen("") }] : []);
	const [seen, setSeen] = useState(0);
	const { look } = list;
	const watched = useMemo(
		() => ({
			...list,
			look: (first: number, last: number) => {
				setSeen(Math.floor(first / block));
				look?.(first, last);
			},
		}),
		[list, look],
	);
	// A link may be to one that newer ones have pushed out of what is loaded.
	const loaded = useMemo(
		() => !open || list.length === 0 || Array.from({ length: list.length }, (_, i) => list.key(i)).includes(open),
		[open, list.length],
	);
	const elsewhere = useRead<RecordedEvent>(loaded ? null : url(`events/${open}`, { include: "organization" }), { every: false }).data;
	const near = Array.from({ length: block * 4 }, (_, i) => list.at((seen - 1) * block + i)).filter((e) => e !== undefined);
	const known = [...included, ...useNames(elsewhere ? [...near, elsewhere.data] : near)];
	const dayOf = (e: RecordedEvent | undefined) => e && dayTitle(e.attributes.occurredAt ?? "");
	return (
		<>
			<Suspense fallback={null}>{elsewhere && <EventCard event={elsewhere.data} known={known} />}</Suspense>
			<List className="log" label={t("common.events")} list={watched}>
				{(e, i) => {
					const day = dayOf(e);
					const begins = i === 0 || dayOf(list.at(i - 1)) !== day;
					return (
						<li>
							{begins && <h2 className="day">{day}</h2>}
							<button
								className="log-row"
								type="button"
								aria-expanded={open === e.id}
								onClick={() => setOpen(open === e.id ? "" : e.id)}
							>
								<span className="second mono">{clock(e.attributes.occurredAt ?? "")}</span>
								<span className="cut">{visible(actorName(e))}</span>
								<span className="cut">
									<Sentence event={e} included={known} here={here} />
								</span>
								<span className="quiet">
									<Icon name={open === e.id ? "down" : "next"} />
								</span>
							</button>
							{open === e.id && (
								<Suspense fallback={null}>
									<EventCard event={e} known={known} />
								</Suspense>
							)}
						</li>
					);
				}}
			</List>
		</>
	);
}
