/* Who was asked to join, and what became of it. */

import { useState } from "react";
import { url } from "../../api/client";
import { related, relatedMany } from "../../api/document";
import type { Invitation, RoleAttributes, UserAttributes } from "../../api/resources";
import { usePages } from "../../api/pages";
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
import { useGrants } from "./grants";
import type { TabProps } from "./Organization";
import { asWords, Segments } from "../../parts/choices";

const states: Record<string, StateName> = { pending: "warn", accepted: "ok", declined: "bad", revoked: "off", expired: "off" };

const choices = asWords(["pending", "accepted", "declined", "revoked", "expired", "all"]);

export default function Invitations({ id, may }: TabProps) {
	const [state, setState] = useQueryState("filter[state]", "pending");
	const [link, setLink] = useState<{ email: string; url: string } | null>(null);
	const list = usePages<Invitation>(
		url("invitations", {
			"filter[organizationId]": id,
			"filter[state]": state === "all" ? "" : state,
			sort: "-createdAt",
			include: "roles,invitedBy",
			"page[size]": 50,
		}),
		{ keep: true },
	);
	const doc = { included: list.included };
	const not = may("invitations:write") ? false : "It takes invitations:write here";
	const grants = useGrants(id);
	const resend = useSend<Invitation>((a) => {
		const { email = "", url: made } = a.data.attributes;
		if (made) setLink({ email: email ?? "", url: made });
		else notify(`Sent the invitation of ${email} again`);
	});
	const revoke = useSend(() => notify("Took it back: its link is dead"));
	return (
		<div className="stack gap4">
			<Segments label="State" className="fit" of={choices} value={state} choose={setState} />
			<Faults error={resend.error ?? revoke.error} />
			<Listing
				list={list}
				what="list.invitations"
				empty={
					<Empty title={state === "all" ? "Nobody was invited yet" : `No invitation is ${state}`}>
						Press I to invite people by their address.
					</Empty>
				}
			>
				<Table list={list} folds="kind">
					<thead>
						<tr>
							<th scope="col">E-mail</th>
							<th scope="col">Roles</th>
							<th scope="col">State</th>
							<th scope="col">Invited by</th>
							<th scope="col">Ends</th>
							<th scope="col">
								<span className="only-read">Actions</span>
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
									<td className="second" data-fold="no">
										<Typed>{related<UserAttributes>(doc, i, "invitedBy")?.attributes.fullName ?? "a program"}</Typed>,{" "}
										{short(a.updatedAt)}
									</td>
									<td className="second nowrap" data-fold="no">
										{open ? ago(a.expiresAt) : ""}
									</td>
									<td data-fold="end">
										{open && (
											<Menu
												label={`Actions for ${a.email}`}
												square
												kind="bare"
												entries={[
													{
														label: "Send again",
														icon: "again",
														not: not || notGiven,
														act: () => resend.mutate({ to: url(`invitations/${i.id}/resend`), method: "POST" }),
													},
													{
														label: "Take back",
														icon: "close",
														not: not || (a.state !== "pending" && "It has ended already"),
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
					title="Hand over the new link"
					intro="No mail is sent from here. It is shown this once; the old link is dead."
					stays
					close={() => setLink(null)}
					foot={
						<div className="dialog-foot">
							<Button kind="main" onClick={() => setLink(null)}>
								I have handed it over
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
								aria-label="Copy the link"
								onClick={() => void copy(link.url, "the link")}
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
