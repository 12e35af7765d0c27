/* Two people changed the same thing: what is yours, what is theirs, and which is kept. */

import { useState } from "react";
import { Dialog } from "../../parts/dialog";
import type { Conflict } from "../../parts/edit";
import { Button, Typed } from "../../parts/small";
import { rich, t } from "../../words/message";
import Changed from "./Changed";

export function MergeDialog({ conflict, close, settle }: { conflict: Conflict; close: () => void; settle: (mine: string[]) => void }) {
	const [mine, setMine] = useState<string[]>(conflict.rows.map((r) => r.name));
	return (
		<Dialog
			title={t("organization.merge.somebodyElseHasChangedIt")}
			intro={
				<>
					<Changed id={conflict.id} /> {t("organization.merge.whatYouHaveNotTouched")}
				</>
			}
			close={close}
			typed
			foot={
				<div className="dialog-foot">
					<Button kind="main" onClick={() => settle(mine)}>
						{mine.length === 0
							? t("organization.merge.keepTheirs")
							: mine.length === conflict.rows.length
								? t("organization.merge.saveYours")
								: t("organization.merge.saveOfYours", { count: mine.length })}
					</Button>
					<Button kind="bare" onClick={close}>
						{t("organization.merge.backToTheForm")}
					</Button>
				</div>
			}
		>
			<div className="dialog-body">
				{conflict.rows.length === 0 && <p>{t("organization.merge.theyHaveChangedItTo")}</p>}
				{conflict.rows.map((r) => (
					<fieldset key={r.name} className="merge">
						<legend className="mono">{r.name}</legend>
						<label>
							<input
								type="radio"
								name={r.name}
								checked={mine.includes(r.name)}
								onChange={() => setMine((m) => [...m, r.name])}
							/>
							<span>
								{rich("organization.merge.yours", {
									value: (
										<b>
											<Typed>{r.yours || t("common.nothing")}</Typed>
										</b>
									),
								})}
							</span>
						</label>
						<label>
							<input
								type="radio"
								name={r.name}
								checked={!mine.includes(r.name)}
								onChange={() => setMine((m) => m.filter((n) => n !== r.name))}
							/>
							<span>
								{rich("organization.merge.theirs", {
									value: (
										<b>
											<Typed>{r.theirs || t("common.nothing")}</Typed>
										</b>
									),
								})}
							</span>
						</label>
					</fieldset>
				))}
			</div>
		</Dialog>
	);
}
