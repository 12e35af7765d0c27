/* Asks before what is typed is lost. */

import { Dialog } from "../parts/dialog";
import { Button } from "../parts/small";
import { decide } from "../parts/unsaved";
import { t } from "../words/message";

export default function Leave() {
	return (
		<Dialog
			title={t("frame.leave.leaveWhatIsNotSaved")}
			intro={t("frame.leave.thereIsSomethingOn")}
			close={() => decide(false)}
			foot={
				<div className="dialog-foot">
					<Button kind="main" onClick={() => decide(false)}>
						{t("frame.leave.stayHere")}
					</Button>
					<Button onClick={() => decide(true)}>{t("frame.leave.leaveAndLoseIt")}</Button>
				</div>
			}
		>
			{null}
		</Dialog>
	);
}
