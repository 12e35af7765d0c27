/* How somebody comes to where nobody is: by a button, or by a program. */

import { Does } from "../../frame/does";
import { AsCurl } from "../../parts/as-curl";
import { t } from "../../words/message";
import type { TabProps } from "./Organization";

export function FirstPeople({ id, may }: Pick<TabProps, "id" | "may">) {
	const organization = { data: { type: "organizations", id } };
	return (
		<div className="row wrap">
			<Does of="I" not={may("invitations:write") ? false : t("common.itTakesInvitationsWriteHere")}>
				{t("organization.firstPeople.inviteSomebody")}
			</Does>
			<AsCurl
				path="invitations"
				body={{ data: { type: "invitations", attributes: { email: "ada@example.com" }, relationships: { organization } } }}
			/>
		</div>
	);
}
