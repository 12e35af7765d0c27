/* A portal link: what somebody without an account sees the webhooks of this organization by. It is made here, and given to them. */

import { useState } from "react";
import { url } from "../../api/client";
import type { Resource } from "../../api/document";
import { useSend } from "../../api/query";
import { FormDialog } from "../../parts/dialog";
import { Choice, Field } from "../../parts/field";
import { Typed } from "../../parts/small";
import { useUnsaved } from "../../parts/unsaved";
import { rich, t } from "../../words/message";
import { SecretDialog } from "../keys/Secret";

type Link = Resource<{ url?: string | null; expiresIn?: number; sessionExpiresIn?: number }>;

/** What it permits, by how much of it. */
const words = { all: ["webhooks:write", "webhookDeliveries:write"], read: ["webhooks:read", "webhookDeliveries:read"] };

export default function PortalLink({ id, name, close }: { id: string; name: string; close: () => void }) {
	const [whom, setWhom] = useState("");
	const [much, setMuch] = useState<keyof typeof words>("all");
	const [made, setMade] = useState<Link | null>(null);
	const send = useSend<Link["attributes"]>((a) => setMade(a.data as Link));
	useUnsaved(!made && whom.trim() !== "");
	if (made) {
		const a = made.attributes;
		return (
			<SecretDialog title={t("organization.portalLink.handItOver")} secret={a.url ?? ""} what="link" close={close}>
				<p className="second">
					{rich("organization.portalLink.itOpensOnce", {
						minutes: Math.round((a.expiresIn ?? 0) / 60),
						session: Math.round((a.sessionExpiresIn ?? 0) / 60),
						name: <Typed>{name}</Typed>,
					})}
				</p>
			</SecretDialog>
		);
	}
	return (
		<FormDialog
			title={t("organization.portalLink.newPortalLink")}
			intro={rich("organization.portalLink.itShowsTheWebhooksOf", { name: <Typed>{name}</Typed> })}
			close={close}
			unsaved={whom.trim() !== ""}
			submit={() =>
				send.mutate({
					to: url("portalLinks"),
					method: "POST",
					body: {
						data: {
							type: "portalLinks",
							attributes: { name: whom.trim(), permissions: words[much] },
							relationships: { organization: { data: { type: "organizations", id } } },
						},
					},
				})
			}
			act={t("common.makeIt")}
			not={!whom.trim() && t("organization.portalLink.sayWhoItIsFor")}
			busy={send.isPending}
			error={send.error}
			fields={["/data/attributes/name"]}
		>
			<Field
				label={t("organization.portalLink.whoItIsFor")}
				hint={t("organization.portalLink.eventsNameThem")}
				value={whom}
				onChange={(e) => setWhom(e.target.value)}
				wrong={send.error?.at("/data/attributes/name")}
				autoComplete="off"
				autoFocus
			/>
			<Choice
				label={t("organization.portalLink.whatTheyMay")}
				value={much}
				onChange={(value) => setMuch(value as keyof typeof words)}
				options={[
					{ value: "all", label: t("organization.portalLink.makeEndpointsAndSendAgain") },
					{ value: "read", label: t("organization.portalLink.lookAndChangeNothing") },
				]}
			/>
		</FormDialog>
	);
}
