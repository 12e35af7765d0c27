/* Asks before what was delivered is sent again: a receiver that does not look at ids does it twice. */

import { Dialog } from "../../parts/dialog";
import { Button } from "../../parts/small";
import { rich, t } from "../../words/message";

export function SendAnyway({ send, close }: { send: () => void; close: () => void }) {
	return (
		<Dialog
			title={t("webhooks.inspector.itWasDeliveredAlready")}
			close={close}
			foot={
				<div className="dialog-foot">
					<Button kind="main" onClick={send}>
						{t("webhooks.inspector.sendItAgainAllThe")}
					</Button>
					<Button kind="bare" onClick={close}>
						{t("common.cancel")}
					</Button>
				</div>
			}
		>
			<div className="dialog-body">
				<p>{rich("webhooks.inspector.theReceiverGetsTheSame")}</p>
			</div>
		</Dialog>
	);
}
