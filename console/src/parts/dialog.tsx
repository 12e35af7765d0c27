/* Dialogs over the page. They are there while they are rendered. */

import { Suspense, useEffect, useState, type ReactNode } from "react";
import type { Failure } from "../api/client";
import { Faults } from "./failure";
import { early } from "./later";
import { Button } from "./small";
import { leaving, useUnsaved } from "./unsaved";
import { t } from "../words/message";

const OpenDialog = early(() => import("./dialog-open"));

export interface DialogProps {
	title: ReactNode;
	intro?: ReactNode;
	children: ReactNode;
	foot: ReactNode;
	close: () => void;
	/** It cannot be closed by Esc or a click beside it: something would be lost. */
	stays?: boolean;
	/** It is not closed by a click beside it: that is no way to lose what is typed. */
	typed?: boolean;
}

export function Dialog(props: DialogProps) {
	return (
		<Suspense fallback={null}>
			<OpenDialog {...props} />
		</Suspense>
	);
}

interface FormDialogProps extends Omit<DialogProps, "foot"> {
	/** What the button that submits says: its consequence. */
	act: ReactNode;
	submit: () => void;
	/** Why it cannot be submitted now. */
	not?: string | false;
	/** It takes something away. */
	danger?: boolean;
	/** Why it was refused. */
	error?: Failure | null;
	/** The pointers of the fields that show what is wrong with them themselves. */
	fields?: string[];
	/** Stands beside the buttons. */
	beside?: ReactNode;
	/** Something is typed that would be lost: it is asked about before. */
	unsaved?: boolean;
}

/** A form in a dialog: what is asked for, why it was refused, and at its foot the button that submits it, and one that does nothing. */
export function FormDialog({
	act,
	submit,
	not,
	danger,
	error,
	fields,
	beside,
	unsaved = false,
	close,
	children,
	...rest
}: FormDialogProps) {
	// What was sent is not lost by going to what came of it, unless it was refused.
	const [sent, setSent] = useState(false);
	useEffect(() => {
		if (error) setSent(false);
	}, [error]);
	const forget = useUnsaved(unsaved && !sent);
	const leave = () => {
		if (!unsaved || sent) close();
		else
			leaving(
				() => {
					forget();
					close();
				},
				undefined,
				true,
			);
	};
	return (
		<Dialog {...rest} close={leave} foot={null} typed>
			<form
				noValidate
				onChange={() => setSent(false)}
				onSubmit={(e) => {
					e.preventDefault();
					if (not) return;
					setSent(true);
					submit();
				}}
			>
				<div className="dialog-body">
					<Faults error={error} fields={fields} />
					{children}
				</div>
				<div className="dialog-foot">
					<Button kind={danger ? "danger" : "main"} type="submit" not={not}>
						{act}
					</Button>
					<Button kind="bare" onClick={close}>
						{t("common.cancel")}
					</Button>
					{beside}
				</div>
			</form>
		</Dialog>
	);
}
