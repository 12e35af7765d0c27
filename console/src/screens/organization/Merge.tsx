/* Two people changed the same thing: what is yours, what is theirs, and which is kept. */

import { useState } from "react";
import { url } from "../../api/client";
import type { RecordedEvent } from "../../api/resources";
import { useRead } from "../../api/query";
import { Dialog } from "../../parts/dialog";
import type { Conflict } from "../../parts/edit";
import { Button, Typed } from "../../parts/small";
import { ago } from "../../words/time";
import { actorName } from "../events/Sentence";

export function MergeDialog({ conflict, close, settle }: { conflict: Conflict; close: () => void; settle: (mine: string[]) => void }) {
	const [mine, setMine] = useState<string[]>(conflict.rows.map((r) => r.name));
	const last = useRead<RecordedEvent[]>(
		url("events", {
			"filter[subjectId]": conflict.id,
			sort: "-occurredAt",
			"fields[events]": "actor,occurredAt,changes,eventType",
			"page[size]": 1,
		}),
		{ every: false },
	);
	const event = last.data?.data[0];
	return (
		<Dialog
			title="Somebody else has changed it"
			intro={
				event ? (
					<>
						{actorName(event)} did, {ago(event.attributes.occurredAt)}. What you have not touched is as they left it.
					</>
				) : (
					"What you have not touched is as they left it."
				)
			}
			close={close}
			stays
			foot={
				<div className="dialog-foot">
					<Button kind="main" onClick={() => settle(mine)}>
						{mine.length === 0
							? "Keep theirs"
							: mine.length === conflict.rows.length
								? "Save yours"
								: `Save ${mine.length} of yours`}
					</Button>
					<Button kind="bare" onClick={close}>
						Back to the form
					</Button>
				</div>
			}
		>
			<div className="dialog-body">
				{conflict.rows.length === 0 && <p>They have changed it to the same as you, or something else: nothing of yours is lost.</p>}
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
								yours{" "}
								<b>
									<Typed>{r.yours || "nothing"}</Typed>
								</b>
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
								theirs{" "}
								<b>
									<Typed>{r.theirs || "nothing"}</Typed>
								</b>
							</span>
						</label>
					</fieldset>
				))}
			</div>
		</Dialog>
	);
}
