/* One event: what changed, who did it, by which request, and what else that did. */

import { Link } from "wouter";
import { url } from "../../api/client";
import { totalOf, type Resource } from "../../api/document";
import type { RecordedEvent } from "../../api/resources";
import { useRead } from "../../api/query";
import { copy } from "../../parts/live";
import { Button, Copy } from "../../parts/small";
import { row, digits, visible } from "../../words/count";
import { exact } from "../../words/time";
import { actorName, builtInName, changesOf, nameIn } from "./Sentence";
import { t } from "../../words/message";

/** All that is told of an event. */
export default function EventCard({ event: e, known = [] }: { event: RecordedEvent; known?: Resource[] }) {
	const requestId = e.attributes.requestId;
	const others = useRead<RecordedEvent[]>(
		requestId ? url("events", { "filter[requestId]": requestId, "fields[events]": "eventType", "page[size]": 1 }) : null,
		{ every: false },
	);
	const deliveries = useRead<Resource[]>(
		url("webhookDeliveries", { "filter[eventId]": e.id, "fields[webhookDeliveries]": "state", "page[size]": 1 }),
		{ every: false },
	);
	const sent = totalOf(deliveries.data) ?? 0;
	const more = Math.max((totalOf(others.data) ?? 1) - 1, 0);
	const changes = Object.entries(changesOf(e));
	return (
		<div className="card evopen">
			<header className="wrapped">
				<span className="mono">{e.attributes.eventType}</span>
				<span className="end row wrap">
					{sent > 0 && (
						<Link className="button" data-size="small" href={`/deliveries?filter[eventId]=${e.id}`}>
							{t("events.eventCard.sentDelivery", { sent })}
						</Link>
					)}
					<Button
						kind="bare"
						small
						icon="copy"
						onClick={() => void copy(`${location.origin}/console/events/${e.id}`, t("common.theLink"))}
					>
						{t("events.eventCard.link")}
					</Button>
				</span>
			</header>
			{changes.length > 0 && (
				<table className="diff">
					<thead>
						<tr>
							<th scope="col">{t("events.eventCard.attribute")}</th>
							<th scope="col">{t("events.eventCard.before")}</th>
							<th scope="col">{t("events.eventCard.after")}</th>
						</tr>
					</thead>
					<tbody>
						{changes.map(([name, c]) => (
							<tr key={name}>
								<th scope="row">{name}</th>
								<td>
									<Value value={c.before} as="del" known={known} />
								</td>
								<td>
									<Value value={c.after} as="ins" known={known} />
								</td>
							</tr>
						))}
					</tbody>
				</table>
			)}
			{changes.length === 0 && e.attributes.resource != null && <Snapshot resource={e.attributes.resource as Resource} />}
			<dl className="facts evfacts">
				<dt>{t("common.actor")}</dt>
				<dd>{visible(actorName(e))}</dd>
				<dt>{t("common.when")}</dt>
				<dd className="mono">
					{(e.attributes.occurredAt ?? "").slice(0, 10)} {exact(e.attributes.occurredAt ?? "")}
				</dd>
				<dt>{t("events.eventCard.position")}</dt>
				<dd>
					{digits(Number(e.attributes.position ?? 0))}
					{e.attributes.sequence ? t("events.eventCard.ofItsOrganization", { sequence: Number(e.attributes.sequence) }) : ""}
				</dd>
				{requestId && (
					<>
						<dt>{t("common.request")}</dt>
						<dd>
							<Copy text={requestId} what={t("common.requestId")} />
						</dd>
					</>
				)}
				<dt>{t("common.event")}</dt>
				<dd>
					<Copy text={e.id} what={t("events.eventCard.eventId")} />
				</dd>
				{more > 0 && (
					<>
						<dt>{t("events.eventCard.inTheSameRequest")}</dt>
						<dd>
							<Link href={`/events?filter[requestId]=${requestId}`}>{t("events.eventCard.moreOtherEvent", { more })}</Link>
						</dd>
					</>
				)}
			</dl>
		</div>
	);
}

function Value({ value, as: Tag, known }: { value: unknown; as: "del" | "ins"; known: Resource[] }) {
	if (value === null || value === undefined) return <span className="null">{t("events.eventCard.null")}</span>;
	return (
		<Tag>
			<bdi>{visible(textOf(value, known))}</bdi>
		</Tag>
	);
}

function textOf(value: unknown, known: Resource[]): string {
	if (typeof value === "string") return builtInName(value) ?? nameIn(known, value) ?? value;
	if (Array.isArray(value)) return value.length ? row(value.map((v) => textOf(v, known))) : t("common.none");
	const ref = value as { type?: string; id?: string; name?: string };
	if (ref.id && (ref.name || ref.type)) return ref.name ?? builtInName(ref.id) ?? nameIn(known, ref.id) ?? ref.id;
	return JSON.stringify(value);
}

/** The resource as it was right then, of an event that changed nothing: something came or went. */
function Snapshot({ resource }: { resource: Resource }) {
	const rows = Object.entries(resource.attributes ?? {}).filter(([, v]) => v !== null && v !== "" && typeof v !== "object");
	if (rows.length === 0) return null;
	return (
		<table className="diff">
			<thead>
				<tr>
					<th scope="col">{t("events.eventCard.attribute")}</th>
					<th scope="col">{t("events.eventCard.asItWasThen")}</th>
				</tr>
			</thead>
			<tbody>
				{rows.map(([name, v]) => (
					<tr key={name}>
						<th scope="row">{name}</th>
						<td>
							<bdi>{visible(String(v))}</bdi>
						</td>
					</tr>
				))}
			</tbody>
		</table>
	);
}
