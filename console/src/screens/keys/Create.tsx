/* A new key: its name, what it may do, and when it ends. */

import { useState } from "react";
import { url } from "../../api/client";
import type { ApiKey } from "../../api/resources";
import { useSend } from "../../api/query";
import { FormDialog } from "../../parts/dialog";
import { Faults } from "../../parts/failure";
import { Choice, Field } from "../../parts/field";
import { Button } from "../../parts/small";
import { count } from "../../words/count";
import { subjects } from "../permissions";

const ends = [
	{ value: "30", label: "in 30 days" },
	{ value: "90", label: "in 90 days" },
	{ value: "365", label: "in a year" },
	{ value: "", label: "never" },
];

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
	const [days, setDays] = useState("90");
	const send = useSend<ApiKey>((a) => made(a.data));
	const submit = () => {
		if (!name.trim() || scopes.length === 0) return;
		const expiresAt = days ? new Date(Math.floor(Date.now() / 1000) * 1000 + Number(days) * 86_400_000).toISOString() : null;
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
	const verbs = ["read", "write", "delete"];
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
			<Faults error={send.error} fields={["/data/attributes/name"]} />
			<Field
				label="Name"
				hint="What it is for: the program that will use it."
				value={name}
				wrong={send.error?.at("/data/attributes/name")}
				onChange={(e) => setName(e.target.value)}
				autoComplete="off"
				autoFocus
			/>
			<table className="table matrix">
				<caption className="only-read">Scopes</caption>
				<thead>
					<tr>
						<th scope="col">May</th>
						{verbs.map((v) => (
							<th key={v} scope="col">
								{v[0]?.toUpperCase() + v.slice(1)}
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{subjects.map((s) => (
						<tr key={s.type}>
							<th scope="row">{s.type}</th>
							{verbs.map((v) => {
								const word = `${s.type}:${v}`;
								const held = !may || may(word);
								return (
									<td key={v}>
										{s.verbs.includes(v) && (
											<input
												type="checkbox"
												aria-label={word}
												checked={scopes.includes(word)}
												disabled={!held}
												title={held ? undefined : "You do not hold it here, so no key of yours can"}
												onChange={(e) =>
													setScopes((now) => (e.target.checked ? [...now, word] : now.filter((w) => w !== word)))
												}
											/>
										)}
									</td>
								);
							})}
						</tr>
					))}
				</tbody>
			</table>
			<Choice label="Ends" value={days} onChange={setDays} options={ends} />
		</FormDialog>
	);
}
