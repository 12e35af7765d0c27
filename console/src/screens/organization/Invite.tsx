/* Asking people to join, several at once. */

import "../../styles/reading.css";
import { useState } from "react";
import { Failure, ask, url } from "../../api/client";
import type { Invitation } from "../../api/resources";
import { patiently, queries } from "../../api/query";
import { Dialog, FormDialog } from "../../parts/dialog";
import { Field, TextField, Check } from "../../parts/field";
import { Icon } from "../../parts/icons";
import { copy, notify } from "../../parts/live";
import { Button, Ghosts, Typed } from "../../parts/small";
import { useUnsaved } from "../../parts/unsaved";
import { all } from "../../words/count";
import { useGrants } from "./grants";
import { useRoles } from "./Membership";
import { rich, t } from "../../words/message";

interface Made {
	email: string;
	/** The link, shown this once. */
	url?: string | null;
	wrong?: string;
}

const owner = "00000000-0000-7000-8000-000000000001";
const member = "00000000-0000-7000-8000-000000000004";

interface InviteProps {
	id: string;
	name: string;
	/** Nobody is there, nor above: who comes first is to run it. */
	first: boolean;
	close: () => void;
}

export default function Invite({ id, name, first, close }: InviteProps) {
	const roles = useRoles(id);
	const [text, setText] = useState("");
	const [chosen, setChosen] = useState<string[]>([first ? owner : member]);
	const [message, setMessage] = useState("");
	const [made, setMade] = useState<Made[] | null>(null);
	const [busy, setBusy] = useState(false);
	const [asked, setAsked] = useState(false);
	const grants = useGrants(id);
	useUnsaved(!made && text.trim() !== "");
	const { emails, others } = addresses(text);
	// What is being typed is not judged until it is sent.
	const wrong = others.filter((o) => asked || !text.endsWith(o));
	const submit = async () => {
		setAsked(true);
		if (busy || others.length > 0 || emails.length === 0 || chosen.length === 0) return;
		setBusy(true);
		const results: Made[] = [];
		for (const email of emails) {
			const idempotencyKey = crypto.randomUUID();
			try {
				const answer = await patiently(() =>
					ask<Invitation>(url("invitations"), {
						method: "POST",
						idempotencyKey,
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
					}),
				);
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
			notify(t("organization.invite.invitedCountPerson", { count: results.length, name }));
			return;
		}
		setMade(results);
	};
	if (made)
		return (
			<Result
				made={made}
				close={close}
				again={(left) => {
					setText(left.join("\n"));
					setMade(null);
				}}
			/>
		);
	return (
		<FormDialog
			title={rich("common.inviteTo", { name: <Typed>{name}</Typed> })}
			intro={t("organization.invite.eachGetsALinkWho")}
			close={close}
			unsaved={text.trim() !== ""}
			busy={busy}
			submit={() => void submit()}
			act={emails.length > 1 ? t("organization.invite.invitePeople", { count: emails.length }) : t("common.invite")}
			not={
				busy
					? t("organization.invite.theyAreOnTheirWay")
					: wrong.length > 0
						? t("organization.invite.mendOrRemoveWhatIs")
						: emails.length === 0 && others.length === 0
							? t("organization.invite.typeAnAddress")
							: chosen.length === 0 && t("common.chooseARole")
			}
		>
			<TextField
				label={t("common.eMail")}
				hint={t("organization.invite.severalAddressesWithSpacesCommas")}
				wrong={
					wrong.length > 0
						? t(wrong.length > 5 ? "organization.invite.andMore" : "organization.invite.noAddress", {
								list: all(wrong.slice(0, 5)),
							})
						: undefined
				}
				value={text}
				onChange={(e) => {
					setText(e.target.value);
					setAsked(false);
				}}
				autoFocus
			/>
			<fieldset className="stack tight">
				<legend className="label">{t("common.roles")}</legend>
				{first && <p className="hint">{t("organization.invite.nobodyIsHereYetSo")}</p>}
				{!roles ? (
					<Ghosts rows={4} />
				) : (
					roles.map((r) => (
						<Check
							key={r.id}
							label={r.attributes.name}
							hint={r.attributes.description}
							checked={chosen.includes(r.id)}
							not={!chosen.includes(r.id) && grants.give(r)}
							onChange={(on) => setChosen((now) => (on ? [...now, r.id] : now.filter((c) => c !== r.id)))}
						/>
					))
				)}
			</fieldset>
			<Field
				label={t("organization.invite.message")}
				hint={t("organization.invite.isSentAlongIfYou")}
				value={message}
				onChange={(e) => setMessage(e.target.value)}
			/>
		</FormDialog>
	);
}

/** What somebody typed, taken apart: addresses, and what is none. Of "Ada <ada@example.com>" only the address is meant. */
function addresses(text: string): { emails: string[]; others: string[] } {
	const parts = text
		.replace(/(^|[,;\n])[^,;<>\n]*<([^<>\s]+@[^<>\s]+)>/g, "$1 $2")
		.split(/[\s,;]+/)
		.filter(Boolean);
	const is = (t: string) => /^[^@\s]+@[^@\s.]+(\.[^@\s.]+)*$/.test(t);
	return { emails: [...new Set(parts.filter(is))], others: [...new Set(parts.filter((p) => !is(p)))] };
}

function Result({ made, close, again }: { made: Made[]; close: () => void; again: (left: string[]) => void }) {
	const links = made.filter((m) => m.url);
	const left = made.filter((m) => m.wrong);
	useUnsaved(left.length > 0);
	return (
		<Dialog
			title={links.length ? t("organization.invite.handOverTheLinks") : t("organization.invite.notAllWereInvited")}
			intro={links.length ? t("organization.invite.noMailIsSentFrom") : undefined}
			close={close}
			stays
			foot={
				<div className="dialog-foot">
					<Button kind="main" onClick={close}>
						{links.length ? t("organization.invite.iHaveHandedThemOver") : t("common.close")}
					</Button>
					{left.length > 0 && links.length === 0 && (
						<Button onClick={() => again(left.map((m) => m.email))}>
							{left.length === 1
								? t("organization.invite.changeTheOneThatWas")
								: t("organization.invite.changeTheThatWereNot", { count: left.length })}
						</Button>
					)}
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
									aria-label={t("organization.invite.copyTheLinkFor", { email: m.email })}
									onClick={() => void copy(m.url ?? "", t("common.theLink"))}
								>
									<Icon name="copy" />
								</button>
							</div>
						)}
						{!m.wrong && !m.url && <p className="second">{t("organization.invite.aMailIsOnIts")}</p>}
					</div>
				))}
			</div>
		</Dialog>
	);
}
