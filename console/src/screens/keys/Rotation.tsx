/* A rotation of a key that is under way: the old and the new one on a line of time, and the end of the old one. */

import { url } from "../../api/client";
import type { ApiKey, RecordedEvent } from "../../api/resources";
import { useRead } from "../../api/query";
import { ago, short } from "../../words/time";
import { Overlap } from "../rotation/Overlap";
import { EndRotationDialog } from "../rotation/Rotate";
import { t } from "../../words/message";

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
					{ id: a.keyId ?? "", what: t("common.keyId"), createdAt: since, lastUsedAt: a.lastUsedAt },
					{
						id: a.previousKeyId ?? "",
						what: t("common.keyId"),
						expiresAt: a.previousExpiresAt,
						lastUsedAt: a.previousLastUsedAt,
					},
				]}
			/>
			<p>
				{a.previousLastUsedAt
					? t("keys.rotation.theOldOneWasLast", {
							when: ago(a.previousLastUsedAt),
							when2: ago(a.previousExpiresAt),
							when3: short(a.previousExpiresAt),
						})
					: t("keys.rotation.theOldOneHasNot", { when: ago(a.previousExpiresAt), when2: short(a.previousExpiresAt) })}
			</p>
		</EndRotationDialog>
	);
}
