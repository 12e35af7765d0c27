/* All keys of the page that is open. */

import { Dialog } from "../parts/dialog";
import { Button } from "../parts/small";
import { keysNow } from "./keys";
import { t } from "../words/message";

export default function KeyList({ close }: { close: () => void }) {
	const rows = [
		{ key: "Ctrl K", label: t("common.findOrPasteAnything") },
		...keysNow(),
		{ key: "← →", label: t("frame.keyList.inTheTreeCloseAnd") },
		{ key: "Home End", label: t("frame.keyList.inTheTreeFirstAnd") },
		{ key: "*", label: t("frame.keyList.inTheTreeOpenAll") },
		{ key: "A … Z", label: t("frame.keyList.inTheTreeTheNext") },
		{ key: "Ctrl X", label: t("frame.keyList.inTheTreeCutTo") },
		{ key: "Ctrl V", label: t("frame.keyList.inTheTreeMoveWhat") },
	];
	return (
		<Dialog
			title={t("frame.keyList.keysOfThisPage")}
			close={close}
			foot={
				<div className="dialog-foot">
					<Button onClick={close}>{t("common.close")}</Button>
				</div>
			}
		>
			<dl className="dialog-body keylist">
				{rows.map((k) => (
					<div className="row" key={k.key}>
						<dt>{k.label}</dt>
						<dd className="end row">
							{k.key.split(" ").map((part) => (
								<kbd key={part}>{part}</kbd>
							))}
						</dd>
					</div>
				))}
			</dl>
		</Dialog>
	);
}
