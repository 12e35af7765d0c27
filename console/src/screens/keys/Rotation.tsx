/* A rotation of a key that is under way: the old and the new one on a line of time, and the end of the old one. */

import { url } from "../../api/client";
import type { ApiKey, RecordedEvent } from "../../api/resources";
import { useRead } from "../../api/query";
import { ago, short } from "../../words/time";
import { Overlap } from "../rotation/Overlap";
import { EndRotationDialog } from "../rotation/Rotate";

/** Reports whether the key before still works. */
export function isRotating(k: ApiKey): boolean {
	const until = k.attributes.previousExpiresAt;
	return Boolean(k.attributes.previousKeyId && until && new Date(until).getTime() > Date.now());
}

export default function KeyRotation({ target, close }: { target: ApiKey; close: () => void }) {
	const a = target.attributes;
	const rotated = useRead<RecordedEvent[]>(
		url("events", {
			"filter[subjectId]": target.id,
			"filter[eventType]": "apiKey.rotated",
			sort: "-occurredAt",
			"fields[events]": "occurredAt",
			"page[size]": 1,
		}),
		{ every: false },
	);
	const since = rotated.data?.data[0]?.attributes.occurredAt;
	return (
		<EndRotationDialog name={a.name ?? ""} path={`apiKeys/${target.id}/end-rotation`} close={close}>
			<Overlap
				secrets={[
					{ id: a.keyId ?? "", what: "key id", createdAt: since, lastUsedAt: a.lastUsedAt },
					{ id: a.previousKeyId ?? "", what: "key id", expiresAt: a.previousExpiresAt, lastUsedAt: a.previousLastUsedAt },
				]}
			/>
			<p>
				{a.previousLastUsedAt
					? `The old one was last used ${ago(a.previousLastUsedAt)}: whatever still uses it stops.`
					: "The old one has not been used since it is noted."}{" "}
				Otherwise it ends by itself {ago(a.previousExpiresAt)}, {short(a.previousExpiresAt)}.
			</p>
		</EndRotationDialog>
	);
}
