/* A button that opens a list of what can be done. */

import { lazy, Suspense, useState, type ReactNode } from "react";
import type { IconName } from "./icons";

const load = () => import("./menu-open");
const OpenMenu = lazy(load);

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
	kind?: string;
}

/** It is a plain button until it is used: what opens it is larger than most screens. */
export function Menu(props: MenuProps) {
	const [used, setUsed] = useState(false);
	const { label, children, className = "button", square, kind } = props;
	const plain = (
		<button
			className={className}
			type="button"
			data-square={square ? "" : undefined}
			data-kind={kind}
			aria-label={square ? label : undefined}
			aria-haspopup="menu"
			aria-expanded="false"
			onPointerEnter={() => void load()}
			onFocus={() => void load()}
			onClick={() => setUsed(true)}
		>
			{children}
		</button>
	);
	if (!used) return plain;
	return (
		<Suspense fallback={plain}>
			<OpenMenu {...props} defaultOpen />
		</Suspense>
	);
}
