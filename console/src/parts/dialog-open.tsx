/* A dialog of Base UI: focus goes in, stays in, and comes back to what opened it. It is loaded with the first dialog that is opened. */

import { Dialog as Base } from "@base-ui/react/dialog";
import type { DialogProps } from "./dialog";

export default function OpenDialog({ title, intro, children, foot, close, stays }: DialogProps) {
	return (
		<Base.Root open onOpenChange={(open) => !open && !stays && close()} disablePointerDismissal={stays}>
			<Base.Portal>
				<Base.Backdrop className="scrim" />
				<Base.Viewport className="viewport">
					<Base.Popup className="dialog">
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
