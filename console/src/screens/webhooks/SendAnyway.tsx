/* Asks before what was delivered is sent again: a receiver that does not look at ids does it twice. */

import { FormDialog } from "../../parts/dialog";
import { rich, t } from "../../words/message";

export function SendAnyway({ send, close }: { send: () => void; close: () => void }) {
	return (
		<FormDialog
			title={t("webhooks.inspector.itWasDeliveredAlready")}
			close={close}
			act={t("webhooks.inspector.sendItAgainAllThe")}
			submit={send}
		>
			<p>{rich("webhooks.inspector.theReceiverGetsTheSame")}</p>
		</FormDialog>
	);
}
