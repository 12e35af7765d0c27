/* A new key: its name, what it may do, and when it ends. */

import { useState } from "react";
import { url } from "../../api/client";
import { useStanding } from "../../api/standing";
import type { ApiKey } from "../../api/resources";
import { useSend } from "../../api/query";
import { FormDialog } from "../../parts/dialog";
import { Choice, Field } from "../../parts/field";
import { PermissionMatrix } from "../permission-matrix";
import { t } from "../../words/message";

const ends = [
	{ value: "30", label: t("keys.create.in30Days") },
	{ value: "90", label: t("keys.create.in90Days") },
	{ value: "365", label: t("keys.create.inAYear") },
	{ value: "", label: t("common.never") },
];

/** Returns the time so many days after another one. */
function after(days: string, from: number): string {
	return new Date(Math.floor(from / 1000) * 1000 + Number(days) * 86_400_000).toISOString();
}

/** organization is whose it is; without one it is the caller's own. */
export function CreateKey({
	organization,
	may,
	made,
	close,
}: {
	organization?: string;
	may?: (word: string) => boolean;
	made: (k: ApiKey) => void;
	close: () => void;
}) {
	const [name, setName] = useState("");
	const [scopes, setScopes] = useState<string[]>(["organizations:read"]);
	const [opened] = useState(Date.now); // a second try asks for the same as the first, and is known by that
	const { until } = useStanding();
	const offered =
		until === undefined
			? ends
			: [
					...ends.filter((e) => e.value && after(e.value, opened) <= until),
					{ value: "own", label: t("keys.create.whenYourKeyEnds") },
				];
	const [days, setDays] = useState(offered.some((e) => e.value === "90") ? "90" : "own");
	const send = useSend<ApiKey>((a) => made(a.data));
	const submit = () => {
		const expiresAt = days === "own" ? until : days ? after(days, opened) : null;
		send.mutate({
			to: url("apiKeys"),
			method: "POST",
			body: {
				data: {
					type: "apiKeys",
					attributes: { name: name.trim(), scopes, expiresAt, ...(organization ? { kind: "organization" } : {}) },
					...(organization ? { relationships: { organization: { data: { type: "organizations", id: organization } } } } : {}),
				},
			},
		});
	};
	return (
		<FormDialog
			title={t("common.newKey")}
			intro={t("keys.create.forAProgramItsSecret")}
			close={close}
			unsaved={name.trim() !== ""}
			submit={submit}
			act={t("keys.create.makeItWithCountScope", { count: scopes.length })}
			not={
				!name.trim()
					? t("common.itNeedsAName")
					: scopes.length === 0
						? t("keys.create.itNeedsAScope")
						: send.isPending && t("common.itIsOnItsWay")
			}
			error={send.error}
			fields={["/data/attributes/name", "/data/attributes/scopes"]}
		>
			<Field
				label={t("common.name")}
				hint={t("keys.create.whatItIsForThe")}
				value={name}
				wrong={send.error?.at("/data/attributes/name")}
				onChange={(e) => setName(e.target.value)}
				autoComplete="off"
				autoFocus
			/>
			<PermissionMatrix
				label={t("common.scopes")}
				value={scopes}
				onChange={setScopes}
				may={may ?? (() => true)}
				all
				at={organization}
				wrong={send.error?.at("/data/attributes/scopes")}
			/>
			<Choice label={t("common.ends")} value={days} onChange={setDays} options={offered} />
		</FormDialog>
	);
}
