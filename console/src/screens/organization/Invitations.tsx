/* Who was asked to join, and what became of it. */

import "../../styles/reading.css";
import { useState } from "react";
import { url } from "../../api/client";
import { related, relatedMany } from "../../api/document";
import type { Invitation, RoleAttributes, UserAttributes } from "../../api/resources";
import { usePages } from "../../api/pages";
import { useCurl } from "../../frame/page";
import { useSend } from "../../api/query";
import { Dialog } from "../../parts/dialog";
import { Menu } from "../../parts/menu";
import { Faults } from "../../parts/failure";
import { Icon } from "../../parts/icons";
import { copy, notify } from "../../parts/live";
import { Rows, Table } from "../../parts/rows";
import { Button, Empty, Held, State, Typed, type StateName } from "../../parts/small";
import { Listing } from "../../parts/listing";
import { ago, short } from "../../words/time";
import { useQueryState } from "../query-state";
import { FirstPeople } from "./FirstPeople";
import { useGrants } from "./grants";
import type { TabProps } from "./Organization";
import { asWords, Segments } from "../../parts/choices";
import { t } from "../../words/message";

const states: Record<string, StateName> = { pending: "warn", accepted: "ok", declined: "bad", revoked: "off", expired: "off" };

const choices = asWords(["pending", "accepted", "declined", "revoked", "expired", "all"]);

export default function Invitations({ id, may }: TabProps) {
	const [state, setState] = useQueryState("filter[state]", "pending");
	const [link, setLink] = useState<{ email: string; url: string } | null>(null);
	const request = url("invitations", {
		"filter[organizationId]": id,
		"filter[state]": state === "all" ? "" : state,
		sort: "-createdAt",
		include: "roles,invitedBy",
		"page[size]": 50,
	});
	useCurl(request);
	const list = usePages<Invitation>(request, { keep: true });
	const doc = { included: list.included };
	const not = may("invitations:write") ? false : t("common.itTakesInvitationsWriteHere");
	const grants = useGrants(id);
	const resend = useSend<Invitation>((a) => {
		const { email = "", url: made } = a.data.attributes;
		if (made) setLink({ email: email ?? "", url: made });
		else notify(t("organization.invitations.sentTheInvitationOfAgain", { email }));
	});
	const revoke = useSend(() => notify(t("organization.invitations.tookItBackItsLink")));
	return (
		<div className="stack gap4">
			<Segments label={t("common.state")} className="fit" of={choices} value={state} choose={setState} />
			<Faults error={resend.error ?? revoke.error} />
			<Listing
				list={list}
				what="list.invitations"
				empty={
					<Empty
						title={
							state === "all"
								? t("organization.invitations.nobodyWasInvitedYet")
								: t("organization.invitations.noInvitationIs", { state })
						}
						action={<FirstPeople id={id} may={may} />}
					>
						{t("organization.invitations.pressIToInvitePeople")}
					</Empty>
				}
			>
				<Table list={list} folds="plain">
					<thead>
						<tr>
							<th scope="col">{t("common.eMail")}</th>
							<th scope="col">{t("common.roles")}</th>
							<th scope="col">{t("common.state")}</th>
							<th scope="col">{t("organization.invitations.invitedBy")}</th>
							<th scope="col">{t("common.ends")}</th>
							<th scope="col">
								<span className="only-read">{t("common.actions")}</span>
							</th>
						</tr>
					</thead>
					<Rows list={list}>
						{(i) => {
							const a = i.attributes;
							const roles = relatedMany<RoleAttributes>(doc, i, "roles");
							const notGiven = roles.map(grants.give).find(Boolean);
							const open = a.state === "pending" || a.state === "expired";
							return (
								<tr>
									<td className="break">
										<Typed>{a.email}</Typed>
									</td>
									<td data-fold="under">
										<span className="row wrap">
											{roles.map((r) => (
												<Held key={r.id} from="here">
													{r.attributes.name}
												</Held>
											))}
										</span>
									</td>
									<td data-fold="under">
										<State is={states[a.state ?? ""] ?? "off"}>{a.state}</State>
									</td>
									<td className="second" data-fold="told" data-column={t("organization.invitations.invitedBy")}>
										<Typed>
											{related<UserAttributes>(doc, i, "invitedBy")?.attributes.fullName ??
												t("organization.invitations.aProgram")}
										</Typed>
										, {short(a.updatedAt)}
									</td>
									<td className="second nowrap" data-fold="told" data-column={t("common.ends")}>
										{open ? ago(a.expiresAt) : ""}
									</td>
									<td data-fold="end">
										{open && (
											<Menu
												label={t("organization.invitations.actionsFor", { email: a.email })}
												square
												kind="bare"
												entries={[
													{
														label: t("common.sendAgain"),
														icon: "again",
														not: not || notGiven,
														act: () => resend.mutate({ to: url(`invitations/${i.id}/resend`), method: "POST" }),
													},
													{
														label: t("organization.invitations.takeBack"),
														icon: "close",
														not:
															not ||
															(a.state !== "pending" && t("organization.invitations.itHasEndedAlready")),
														act: () => revoke.mutate({ to: url(`invitations/${i.id}`), method: "DELETE" }),
													},
												]}
											>
												<Icon name="more" />
											</Menu>
										)}
									</td>
								</tr>
							);
						}}
					</Rows>
				</Table>
			</Listing>
			{link && (
				<Dialog
					title={t("organization.invitations.handOverTheNewLink")}
					intro={t("organization.invitations.noMailIsSentFrom")}
					stays
					close={() => setLink(null)}
					foot={
						<div className="dialog-foot">
							<Button kind="main" onClick={() => setLink(null)}>
								{t("organization.invitations.iHaveHandedItOver")}
							</Button>
						</div>
					}
				>
					<div className="dialog-body">
						<b className="break">{link.email}</b>
						<div className="secret">
							<span className="break">{link.url}</span>
							<button
								className="button end"
								data-square
								type="button"
								aria-label={t("organization.invitations.copyTheLink")}
								onClick={() => void copy(link.url, t("common.theLink"))}
							>
								<Icon name="copy" />
							</button>
						</div>
					</div>
				</Dialog>
			)}
		</div>
	);
}
