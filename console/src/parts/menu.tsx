/* A button that opens a list of what can be done. */

import { Suspense, useRef, useState, type ReactNode } from "react";
import { early } from "./later";
import type { IconName } from "./icons";

const load = () => import("./menu-open");
const OpenMenu = early(load);
const ahead = () => void load().catch(() => undefined);

export interface MenuEntry {
	label: string;
	icon?: IconName;
	/** Where it leads, or what it does. */
	to?: string;
	act?: () => void;
	/** Why it cannot be used. */
	not?: string | false;
	key?: string;
}

export interface MenuProps {
	label: string;
	entries: MenuEntry[];
	children: ReactNode;
	className?: string;
	square?: boolean;
	/** Whether the label is what is read out of a button that shows fewer words. */
	spoken?: boolean;
	kind?: string;
}

export function Menu({ label, entries, children, className = "button", square, spoken, kind }: MenuProps) {
	const [open, setOpen] = useState(false);
	const button = useRef<HTMLButtonElement>(null);
	return (
		<>
			<button
				ref={button}
				className={className}
				type="button"
				data-square={square ? "" : undefined}
				data-kind={kind}
				aria-label={square || spoken ? label : undefined}
				aria-haspopup="menu"
				aria-expanded={open}
				onPointerEnter={ahead}
				onFocus={ahead}
				onClick={() => setOpen(!open)}
				onKeyDown={(e) => {
					if (e.key !== "ArrowDown") return;
					e.preventDefault();
					setOpen(true);
				}}
			>
				{children}
			</button>
			<Suspense fallback={null}>
				{open && <OpenMenu label={label} entries={entries} button={button} close={() => setOpen(false)} />}
			</Suspense>
		</>
	);
}
