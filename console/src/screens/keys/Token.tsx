/* The token of an organization: a credential for everything in it, which is replaced and never shown. */

import { useState } from "react";
import { url } from "../../api/client";
import type { Answer } from "../../api/document";
import type { Organization } from "../../api/resources";
import { useSend } from "../../api/query";
import { FormDialog } from "../../parts/dialog";
import { Faults } from "../../parts/failure";
import { Field } from "../../parts/field";
import { Button, Section } from "../../parts/small";
import { SecretDialog } from "./Secret";

interface TokenProps {
	answer: Answer<Organization>;
	/** Why the caller cannot replace it. */
	not: string | false;
}

export function Token({ answer, not }: TokenProps) {
	const [over, setOver] = useState(false);
	const [token, setToken] = useState<string | null>(null);
	const name = answer.data.attributes.name ?? "";
	return (
		<Section
			id="token"
			title="The token of the organization"
			more={
				<span className="end">
					<Button small not={not} onClick={() => setOver(true)}>
						Refresh…
					</Button>
				</span>
			}
		>
			<p className="second">
				It may do everything within the organization. It is not shown: a new one is, once, and the old one dies at once.
			</p>
			{over && (
				<Refresh
					answer={answer}
					close={() => setOver(false)}
					made={(made) => {
						setOver(false);
						setToken(made);
					}}
				/>
			)}
			{token && <SecretDialog title={`The new token of ${name}`} secret={token} close={() => setToken(null)} />}
		</Section>
	);
}

function Refresh({ answer, close, made }: { answer: Answer<Organization>; close: () => void; made: (token: string) => void }) {
	const [typed, setTyped] = useState("");
	const { id, attributes } = answer.data;
	const send = useSend<Organization>((a) => made(a.data.attributes.token ?? ""));
	const not = typed !== attributes.slug ? "Type the slug first" : send.isPending && "It is on its way";
	return (
		<FormDialog
			title="Refresh the token"
			close={close}
			submit={() => !not && send.mutate({ to: url(`management/refresh-token/${id}`), method: "POST" })}
			buttons={
				<>
					<Button kind="danger" type="submit" not={not}>
						Refresh, and end the old one now
					</Button>
					<Button kind="bare" onClick={close}>
						Cancel
					</Button>
				</>
			}
		>
			<Faults error={send.error} />
			<p>The old token is dead at once: there is no overlap. Whatever uses it stops until it has the new one.</p>
			<Field
				label={
					<>
						Type <span className="mono">{attributes.slug}</span>
					</>
				}
				value={typed}
				onChange={(e) => setTyped(e.target.value)}
				autoComplete="off"
				spellCheck={false}
			/>
		</FormDialog>
	);
}
