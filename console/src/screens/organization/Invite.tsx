/* Asking people to join, several at once. */

import { useState } from "react";
import { Failure, ask, url } from "../../api/client";
import type { Invitation } from "../../api/resources";
import { queries } from "../../api/query";
import { Dialog, FormDialog } from "../../parts/dialog";
import { Field, TextField, Check } from "../../parts/field";
import { Icon } from "../../parts/icons";
import { copy, notify } from "../../parts/live";
import { Button, Ghosts, Typed } from "../../parts/small";
import { count } from "../../words/count";
import { useRoles } from "./Membership";

interface Made {
	email: string;
	/** The link, shown this once. */
	url?: string | null;
	wrong?: string;
}

const member = "00000000-0000-7000-8000-000000000004";

export default function Invite({ id, name, close }: { id: string; name: string; close: () => void }) {
	const roles = useRoles(id);
	const [text, setText] = useState("");
	const [chosen, setChosen] = useState<string[]>([member]);
	const [message, setMessage] = useState("");
	const [made, setMade] = useState<Made[] | null>(null);
	const [busy, setBusy] = useState(false);
	const emails = [...new Set(text.split(/[\s,;]+/).filter((t) => t.includes("@")))];
	const submit = async () => {
		if (busy || emails.length === 0 || chosen.length === 0) return;
		setBusy(true);
		const results: Made[] = [];
		for (const email of emails) {
			try {
				const answer = await ask<Invitation>(url("invitations"), {
					method: "POST",
					idempotencyKey: crypto.randomUUID(),
					body: {
						data: {
							type: "invitations",
							attributes: { email, ...(message ? { message } : {}) },
							relationships: {
								organization: { data: { type: "organizations", id } },
								roles: { data: chosen.map((r) => ({ type: "roles", id: r })) },
							},
						},
					},
				});
				results.push({ email, url: answer.data.attributes.url });
			} catch (e) {
				if (!(e instanceof Failure)) throw e;
				results.push({ email, wrong: e.message });
			}
		}
		void queries.invalidateQueries();
		setBusy(false);
		if (results.every((r) => !r.wrong && !r.url)) {
			close();
			notify(`Invited ${count(results.length, "person", "people")} to ${name}`);
			return;
		}
		setMade(results);
	};
	if (made) return <Result made={made} close={close} />;
	return (
		<FormDialog
			title={
				<>
					Invite to <Typed>{name}</Typed>
				</>
			}
			intro="Each gets a link. Who is known by that address joins as they are; who is not gets an account."
			close={close}
			submit={() => void submit()}
			buttons={
				<>
					<Button
						kind="main"
						type="submit"
						not={
							busy
								? "They are on their way"
								: emails.length === 0
									? "Type an address"
									: chosen.length === 0 && "Choose a role"
						}
					>
						{emails.length > 1 ? `Invite ${emails.length} people` : "Invite"}
					</Button>
					<Button kind="bare" onClick={close}>
						Cancel
					</Button>
				</>
			}
		>
			<TextField
				label="E-mail"
				hint="Several addresses: with spaces, commas or lines between them."
				value={text}
				onChange={(e) => setText(e.target.value)}
				autoFocus
			/>
			<fieldset className="stack tight">
				<legend className="label">Roles</legend>
				{!roles ? (
					<Ghosts rows={4} />
				) : (
					roles.map((r) => (
						<Check
							key={r.id}
							label={r.attributes.name}
							hint={r.attributes.description}
							checked={chosen.includes(r.id)}
							onChange={(on) => setChosen((now) => (on ? [...now, r.id] : now.filter((c) => c !== r.id)))}
						/>
					))
				)}
			</fieldset>
			<Field label="Message" hint="Is sent along, if you like." value={message} onChange={(e) => setMessage(e.target.value)} />
		</FormDialog>
	);
}

function Result({ made, close }: { made: Made[]; close: () => void }) {
	const links = made.filter((m) => m.url);
	return (
		<Dialog
			title={links.length ? "Hand over the links" : "Not all were invited"}
			intro={links.length ? "No mail is sent from here. Each link is shown this once, and whoever has it can accept." : undefined}
			close={close}
			stays
			foot={
				<div className="dialog-foot">
					<Button kind="main" onClick={close}>
						{links.length ? "I have handed them over" : "Close"}
					</Button>
				</div>
			}
		>
			<div className="dialog-body">
				{made.map((m) => (
					<div key={m.email} className="stack gap1">
						<b className="break">
							<Typed>{m.email}</Typed>
						</b>
						{m.wrong && <p className="fault">{m.wrong}</p>}
						{m.url && (
							<div className="secret">
								<span className="break">{m.url}</span>
								<button
									className="button end"
									data-square
									type="button"
									aria-label={`Copy the link for ${m.email}`}
									onClick={() => void copy(m.url ?? "", "the link")}
								>
									<Icon name="copy" />
								</button>
							</div>
						)}
						{!m.wrong && !m.url && <p className="second">A mail is on its way.</p>}
					</div>
				))}
			</div>
		</Dialog>
	);
}
