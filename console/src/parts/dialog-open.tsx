/* A dialog of Base UI: focus goes in, stays in, and comes back to what opened it. It is loaded with the first dialog that is opened. */

import { Dialog as Base } from "@base-ui/react/dialog";
import { useEffect, useRef, useState } from "react";
import { useLocation } from "wouter";
import type { DialogProps } from "./dialog";
import { placeOf } from "./focus";

export default function OpenDialog({ title, intro, children, foot, close, stays, typed }: DialogProps) {
	const [opener] = useState(() => placeOf(document.activeElement));
	// What opened it may be gone, or there was none: a key did. Then reading goes on at the heading of the page.
	const after = () => {
		const back = opener();
		if (back) return back;
		const heading = document.querySelector<HTMLElement>("main h1");
		if (heading) heading.tabIndex = -1;
		return heading;
	};
	// Whoever goes to another page has left what is over this one.
	const [path] = useLocation();
	const [at] = useState(path);
	const left = path !== at && !stays;
	const leave = useRef(close);
	leave.current = close;
	useEffect(() => {
		if (left) leave.current();
	}, [left]);
	return (
		<Base.Root open onOpenChange={(open) => !open && !stays && close()} disablePointerDismissal={stays || typed}>
			<Base.Portal>
				<Base.Backdrop className="scrim" />
				<Base.Viewport className="viewport">
					<Base.Popup className="dialog" finalFocus={after}>
						<header className="dialog-head">
							<Base.Title>{title}</Base.Title>
							{intro && <Base.Description className="second">{intro}</Base.Description>}
						</header>
						{children}
						{foot}
					</Base.Popup>
				</Base.Viewport>
			</Base.Portal>
		</Base.Root>
	);
}
