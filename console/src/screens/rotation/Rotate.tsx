/* A new secret for a key or an endpoint, and for how long the old one goes on beside it. */

import { useState, type ReactNode } from "react";
import { url } from "../../api/client";
import type { Resource } from "../../api/document";
import { useSend } from "../../api/query";
import { FormDialog } from "../../parts/dialog";
import { Choice } from "../../parts/field";
import { notify } from "../../parts/live";
import { Typed } from "../../parts/small";
import { useUnsaved } from "../../parts/unsaved";
import { rich, t } from "../../words/message";

const overlaps = [
	{ value: "0", label: t("rotation.rotate.noneTheOldOneDies") },
	{ value: "3600", label: t("rotation.rotate.anHour") },
	{ value: "86400", label: t("rotation.rotate.aDay") },
	{ value: "604800", label: t("rotation.rotate.aWeek") },
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
	useUnsaved(send.isPending); // the secret that is on its way is shown once
	const words = overlaps.find((o) => o.value === overlap)?.label;
	return (
		<FormDialog
			title={rich("rotation.rotate.rotate", { name: <Typed>{name}</Typed> })}
			intro={intro}
			close={close}
			submit={() => send.mutate({ to: url(path), method: "POST", body: { meta: { overlap: Number(overlap) } } })}
			act={overlap === "0" ? t("rotation.rotate.rotateAndEndTheOld") : t("rotation.rotate.rotateBothWorkFor", { words })}
			busy={send.isPending}
			error={send.error}
		>
			{children}
			<Choice label={t("rotation.rotate.overlap")} value={overlap} onChange={setOverlap} options={overlaps} />
		</FormDialog>
	);
}

/** Ends the overlap of a rotation, after it was said what stops by it. */
export function EndRotationDialog({ name, path, children, close }: { name: string; path: string; children: ReactNode; close: () => void }) {
	const send = useSend(() => {
		close();
		notify(t("rotation.rotate.onlyTheNewOneWorks"));
	});
	return (
		<FormDialog
			title={rich("rotation.rotate.endTheOldSecretOf", { name: <Typed>{name}</Typed> })}
			close={close}
			submit={() => send.mutate({ to: url(path), method: "POST" })}
			act={t("rotation.rotate.endTheOldOneNow")}
			danger
			busy={send.isPending}
			error={send.error}
		>
			{children}
		</FormDialog>
	);
}
