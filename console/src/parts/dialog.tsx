/* Dialogs over the page. They are there while they are rendered. */

import { Suspense, useEffect, useRef, type ReactNode } from "react";
import type { Failure } from "../api/client";
import { Faults } from "./failure";
import { early } from "./later";
import { Button } from "./small";
import { usePart } from "./unsaved";
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
	/** Something is typed that would be lost by closing it: it is asked about before. The form says so by useUnsaved as well. */
	unsaved?: boolean;
	/** It is on its way, and what is typed now could not be added to it: nothing can be. What useEdit saves can be typed into meanwhile. */
	busy?: boolean;
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
	busy = false,
	close,
	children,
	...rest
}: FormDialogProps) {
	const leave = usePart(unsaved, close);
	const form = useHeld(busy);
	return (
		<Dialog {...rest} close={leave} foot={null} typed>
			<form
				ref={form}
				noValidate
				onSubmit={(e) => {
					e.preventDefault();
					if (not || busy) return;
					submit();
				}}
			>
				<div className="dialog-body" inert={busy}>
					<Faults error={error} fields={fields} />
					{children}
				</div>
				<div className="dialog-foot">
					<Button kind={danger ? "danger" : "main"} type="submit" not={not || (busy && t("common.itIsOnItsWay"))}>
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

/** Returns the ref of a form whose fields cannot be reached while it is on its way; the focus comes back to where it was. */
function useHeld(busy: boolean) {
	const form = useRef<HTMLFormElement>(null);
	const field = useRef<Element | null>(null);
	if (busy) field.current ??= document.activeElement;
	useEffect(() => {
		const was = field.current;
		if (busy || !was) return;
		field.current = null;
		if (was instanceof HTMLElement && form.current?.contains(was) && !form.current.contains(document.activeElement)) was.focus();
	}, [busy]);
	return form;
}
