/* Keys as a table, and what can be done with one. */

import { row, typedIs } from "../../words/count";
import { useState } from "react";
import { Link } from "wouter";
import { url } from "../../api/client";
import { related, type Resource } from "../../api/document";
import type { RowSource } from "../../api/pages";
import type { ApiKey, OrganizationAttributes } from "../../api/resources";
import { useSend } from "../../api/query";
import { FormDialog } from "../../parts/dialog";
import { Menu, type MenuEntry } from "../../parts/menu";
import { Field } from "../../parts/field";
import { Icon } from "../../parts/icons";
import { notify } from "../../parts/live";
import { Rows, Table } from "../../parts/rows";
import { Copy, State, Typed, Words } from "../../parts/small";
import { ago, date, short } from "../../words/time";
import { RotateDialog } from "../rotation/Rotate";
import { useKeyRights } from "./rights";
import KeyRotation, { isRotating } from "./Rotation";
import { SecretDialog } from "./Secret";
import { rich, t } from "../../words/message";

interface TableProps {
	list: RowSource<ApiKey>;
	included: Resource[];
	/** Whether it says whose each is. */
	whose?: boolean;
}

const day = 86_400_000;

type What = "rotate" | "end" | "revoke";

export function KeyTable({ list, included, whose }: TableProps) {
	const [over, setOver] = useState<{ what: What; key: ApiKey } | null>(null);
	const [secret, setSecret] = useState<ApiKey | null>(null);
	const close = () => setOver(null);
	return (
		<>
			<Table list={list} folds="plain">
				<thead>
					<tr>
						<th scope="col">{t("common.key2")}</th>
						{whose && <th scope="col">{t("keys.keyTable.of")}</th>}
						<th scope="col">{t("common.scopes")}</th>
						<th scope="col">{t("common.lastUsed")}</th>
						<th scope="col">{t("common.ends")}</th>
						<th scope="col">
							<span className="only-read">{t("common.actions")}</span>
						</th>
					</tr>
				</thead>
				<Rows list={list}>
					{(k) => {
						const a = k.attributes;
						const o = related<OrganizationAttributes>({ included }, k, "organization");
						const u = related<{ fullName?: string }>({ included }, k, "user");
						return (
							<tr>
								<td>
									<span className="cut block">
										<b>
											<Typed>{a.name}</Typed>
										</b>
										<br />
										{a.keyId && <Copy text={a.keyId} what={t("common.keyId")} />}
										{isRotating(k) && (
											<span className="second block">
												{t("keys.keyTable.theOldOneWorksUntil", {
													when: short(a.previousExpiresAt),
													when2: ago(a.previousLastUsedAt),
												})}
											</span>
										)}
									</span>
								</td>
								{whose && (
									<td className="second roomy" data-fold="under">
										{o ? (
											<Link href={`/organizations/${o.id}/keys`}>
												<Typed>{o.attributes.name}</Typed>
											</Link>
										) : u ? (
											<Typed>{u.attributes.fullName}</Typed>
										) : a.kind === "management" ? (
											t("keys.keyTable.theManagement")
										) : (
											""
										)}
									</td>
								)}
								<td className="second words" data-fold="under" title={row(a.scopes ?? [])}>
									<Words>{scopes(a.scopes ?? [])}</Words>
								</td>
								<td className="second nowrap" data-fold="told" data-column={t("common.lastUsed")}>
									{ago(a.lastUsedAt)}
								</td>
								<td className="nowrap" data-fold="told" data-column={t("common.ends")}>
									<End at={a.expiresAt} />
								</td>
								<td data-fold="end">
									<KeyActions target={k} take={(what) => setOver({ what, key: k })} />
								</td>
							</tr>
						);
					}}
				</Rows>
			</Table>
			{over?.what === "rotate" && (
				<RotateDialog<ApiKey>
					name={over.key.attributes.name ?? ""}
					path={`apiKeys/${over.key.id}/rotate`}
					intro={t("keys.keyTable.itGetsANewSecret")}
					close={close}
					made={(k) => {
						close();
						setSecret(k);
					}}
				>
					<p>
						{over.key.attributes.lastUsedAt
							? t("keys.keyTable.lastUsed", { when: ago(over.key.attributes.lastUsedAt) })
							: t("keys.keyTable.neverUsed")}
					</p>
				</RotateDialog>
			)}
			{over?.what === "end" && <KeyRotation target={over.key} close={close} />}
			{over?.what === "revoke" && <Revoke target={over.key} close={close} />}
			{secret && (
				<SecretDialog
					title={t("common.theNewSecretOf", { name: secret.attributes.name })}
					secret={secret.attributes.key ?? ""}
					close={() => setSecret(null)}
				/>
			)}
		</>
	);
}

/** What can be done with a key. What the caller may is looked up when somebody comes near it: a list has keys of many organizations. */
function KeyActions({ target, take }: { target: ApiKey; take: (what: What) => void }) {
	const [near, setNear] = useState(false);
	const { end, rotate } = useKeyRights(target, near);
	const entries: MenuEntry[] = [
		{ label: t("keys.keyTable.rotate"), icon: "again", not: rotate, act: () => take("rotate") },
		...(isRotating(target)
			? [{ label: t("keys.keyTable.endTheOldOne"), icon: "clock" as const, not: end, act: () => take("end") }]
			: []),
		{ label: t("keys.keyTable.revoke"), icon: "close", not: end, act: () => take("revoke") },
	];
	return (
		<span onPointerEnter={() => setNear(true)} onFocus={() => setNear(true)}>
			<Menu label={t("keys.keyTable.actionsForTheKey", { name: target.attributes.name })} square kind="bare" entries={entries}>
				<Icon name="more" />
			</Menu>
		</span>
	);
}

function scopes(all: string[]): string {
	if (all.includes("*")) return t("webhooks.about.everything");
	return all.length > 3 ? t("common.andMore", { join: row(all.slice(0, 2)), count: all.length - 2 }) : row(all);
}

function End({ at }: { at: string | null | undefined }) {
	if (!at) return <span className="second quiet">{t("common.never")}</span>;
	const left = new Date(at).getTime() - Date.now();
	if (left < 0) return <State is="off">{t("keys.keyTable.ended", { when: date(at) })}</State>;
	return left < 14 * day ? <State is="warn">{ago(at)}</State> : <span className="second">{date(at)}</span>;
}

function Revoke({ target, close }: { target: ApiKey; close: () => void }) {
	const [typed, setTyped] = useState("");
	const used = target.attributes.lastUsedAt;
	const recent = used ? Date.now() - new Date(used).getTime() < 7 * day : false;
	const send = useSend(() => {
		close();
		notify(t("keys.keyTable.revokedTheKey", { name: target.attributes.name }));
	});
	return (
		<FormDialog
			title={rich("keys.keyTable.revoke3", { name: <Typed>{target.attributes.name}</Typed> })}
			close={close}
			act={t("keys.keyTable.revokeItNow")}
			submit={() => send.mutate({ to: url(`apiKeys/${target.id}`), method: "DELETE" })}
			danger
			not={recent && !typedIs(target.attributes.name, typed) && t("common.typeItsNameFirst")}
			busy={send.isPending}
			error={send.error}
		>
			<p>
				{recent
					? t("keys.keyTable.itWasUsedWhateverUses", { when: ago(used), count: target.attributes.scopes?.length ?? 0 })
					: t(used ? "keys.keyTable.itWasLastUsedIt" : "keys.keyTable.itWasNeverUsedIt", {
							when: ago(used),
							count: target.attributes.scopes?.length ?? 0,
						})}
			</p>
			{recent && (
				<Field
					label={rich("keys.keyTable.type", {
						name: (
							<span className="mono">
								<Typed>{target.attributes.name}</Typed>
							</span>
						),
					})}
					value={typed}
					onChange={(e) => setTyped(e.target.value)}
					autoComplete="off"
					spellCheck={false}
				/>
			)}
		</FormDialog>
	);
}
