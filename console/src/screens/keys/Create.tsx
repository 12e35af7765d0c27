/* A new key: its name, what it may do, and when it ends. */

import { useState } from "react";
import { url } from "../../api/client";
import { useStanding } from "../../api/standing";
import type { ApiKey } from "../../api/resources";
import { useSend } from "../../api/query";
import { FormDialog } from "../../parts/dialog";
import { Faults } from "../../parts/failure";
import { Choice, Field } from "../../parts/field";
import { Button } from "../../parts/small";
import { count } from "../../words/count";
import { PermissionMatrix } from "../permission-matrix";

const ends = [
	{ value: "30", label: "in 30 days" },
	{ value: "90", label: "in 90 days" },
	{ value: "365", label: "in a year" },
	{ value: "", label: "never" },
];

/** Returns the time in so many days. */
function after(days: string): string {
	return new Date(Math.floor(Date.now() / 1000) * 1000 + Number(days) * 86_400_000).toISOString();
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
	const { until } = useStanding();
	const offered =
		until === undefined
			? ends
			: [...ends.filter((e) => e.value && after(e.value) <= until), { value: "own", label: "when your key ends" }];
	const [days, setDays] = useState(offered.some((e) => e.value === "90") ? "90" : "own");
	const send = useSend<ApiKey>((a) => made(a.data));
	const submit = () => {
		if (!name.trim() || scopes.length === 0) return;
		const expiresAt = days === "own" ? until : days ? after(days) : null;
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
			title="New key"
			intro="For a program. Its secret is shown once."
			close={close}
			submit={submit}
			buttons={
				<>
					<Button
						kind="main"
						type="submit"
						not={
							!name.trim()
								? "It needs a name"
								: scopes.length === 0
									? "It needs a scope"
									: send.isPending && "It is on its way"
						}
					>
						Make it, with {count(scopes.length, "scope")}
					</Button>
					<Button kind="bare" onClick={close}>
						Cancel
					</Button>
				</>
			}
		>
			<Faults error={send.error} fields={["/data/attributes/name", "/data/attributes/scopes"]} />
			<Field
				label="Name"
				hint="What it is for: the program that will use it."
				value={name}
				wrong={send.error?.at("/data/attributes/name")}
				onChange={(e) => setName(e.target.value)}
				autoComplete="off"
				autoFocus
			/>
			<PermissionMatrix
				label="Scopes"
				value={scopes}
				onChange={setScopes}
				may={may ?? (() => true)}
				all
				at={organization}
				wrong={send.error?.at("/data/attributes/scopes")}
			/>
			<Choice label="Ends" value={days} onChange={setDays} options={offered} />
		</FormDialog>
	);
}
