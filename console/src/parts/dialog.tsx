/* Dialogs over the page. They are there while they are rendered. */

import { Suspense, type ReactNode } from "react";
import { later } from "./later";

const OpenDialog = later(() => import("./dialog-open"));

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

/** A form in a dialog: what is asked for, and the buttons at its foot. */
export function FormDialog({ submit, children, buttons, ...rest }: Omit<DialogProps, "foot"> & { submit: () => void; buttons: ReactNode }) {
	return (
		<Dialog {...rest} foot={null} typed>
			<form
				noValidate
				onSubmit={(e) => {
					e.preventDefault();
					submit();
				}}
			>
				<div className="dialog-body">{children}</div>
				<div className="dialog-foot">{buttons}</div>
			</form>
		</Dialog>
	);
}
