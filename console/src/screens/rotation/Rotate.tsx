/* A new secret for a key or an endpoint, and for how long the old one goes on beside it. */

import { useState, type ReactNode } from "react";
import { url } from "../../api/client";
import type { Resource } from "../../api/document";
import { useSend } from "../../api/query";
import { FormDialog } from "../../parts/dialog";
import { Faults } from "../../parts/failure";
import { Choice } from "../../parts/field";
import { notify } from "../../parts/live";
import { Button, Typed } from "../../parts/small";

const overlaps = [
	{ value: "0", label: "none: the old one dies at once" },
	{ value: "3600", label: "an hour" },
	{ value: "86400", label: "a day" },
	{ value: "604800", label: "a week" },
];

interface RotateProps<R> {
	name: string;
	/** The request that rotates: "apiKeys/…/rotate". */
	path: string;
	intro: ReactNode;
	/** What one should know before. */
	children?: ReactNode;
	made: (rotated: R) => void;
	close: () => void;
}

export function RotateDialog<R extends Resource<unknown>>({ name, path, intro, children, made, close }: RotateProps<R>) {
	const [overlap, setOverlap] = useState("86400");
	const send = useSend<R>((a) => made(a.data));
	const words = overlaps.find((o) => o.value === overlap)?.label;
	return (
		<FormDialog
			title={
				<>
					Rotate <Typed>{name}</Typed>
				</>
			}
			intro={intro}
			close={close}
			submit={() => !send.isPending && send.mutate({ to: url(path), method: "POST", body: { meta: { overlap: Number(overlap) } } })}
			buttons={
				<>
					<Button kind="main" type="submit" not={send.isPending && "It is on its way"}>
						{overlap === "0" ? "Rotate, and end the old one now" : `Rotate, both work for ${words}`}
					</Button>
					<Button kind="bare" onClick={close}>
						Cancel
					</Button>
				</>
			}
		>
			<Faults error={send.error} />
			{children}
			<Choice label="Overlap" value={overlap} onChange={setOverlap} options={overlaps} />
		</FormDialog>
	);
}

/** Ends the overlap of a rotation, after it was said what stops by it. */
export function EndRotationDialog({ name, path, children, close }: { name: string; path: string; children: ReactNode; close: () => void }) {
	const send = useSend(() => {
		close();
		notify("Only the new one works now");
	});
	return (
		<FormDialog
			title={
				<>
					End the old secret of <Typed>{name}</Typed>
				</>
			}
			close={close}
			submit={() => !send.isPending && send.mutate({ to: url(path), method: "POST" })}
			buttons={
				<>
					<Button kind="danger" type="submit" not={send.isPending && "It is on its way"}>
						End the old one now
					</Button>
					<Button kind="bare" onClick={close}>
						Cancel
					</Button>
				</>
			}
		>
			<Faults error={send.error} />
			{children}
		</FormDialog>
	);
}
