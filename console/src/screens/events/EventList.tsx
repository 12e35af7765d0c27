/* Events by day, each a sentence; one that is opened shows what changed and who did it. */

import { lazy, Suspense, useMemo, useState } from "react";
import type { Resource } from "../../api/document";
import type { RowSource } from "../../api/pages";
import type { RecordedEvent } from "../../api/resources";
import { Icon } from "../../parts/icons";
import { List } from "../../parts/rows";
import { visible } from "../../words/count";
import { clock, dayTitle } from "../../words/time";
import { useNames } from "./names";
import { Sentence, actorName } from "./Sentence";

const EventCard = lazy(() => import("./EventCard"));

interface ListProps {
	list: RowSource<RecordedEvent>;
	included: Resource[];
	here?: string;
}

/** Names are asked for those near the window, so many at a time. */
const block = 25;

export function EventList({ list, included, here }: ListProps) {
	const [open, setOpen] = useState<string | null>(null);
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
	const near = Array.from({ length: block * 4 }, (_, i) => list.at((seen - 1) * block + i)).filter((e) => e !== undefined);
	const known = [...included, ...useNames(near)];
	const dayOf = (e: RecordedEvent | undefined) => e && dayTitle(e.attributes.occurredAt ?? "");
	return (
		<List className="log" label="Events" list={watched}>
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
							onClick={() => setOpen(open === e.id ? null : e.id)}
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
	);
}
