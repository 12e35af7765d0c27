/* A menu of Base UI, which is loaded when somebody comes near the first one. */

import { Menu as Base } from "@base-ui/react/menu";
import { Link } from "wouter";
import { Icon } from "./icons";
import type { MenuProps } from "./menu";

/** defaultOpen: it was asked for by a click on the button that stood here before. */
export default function OpenMenu({
	label,
	entries,
	children,
	className = "button",
	square,
	kind,
	defaultOpen,
}: MenuProps & { defaultOpen: boolean }) {
	return (
		<Base.Root modal={false} defaultOpen={defaultOpen}>
			<Base.Trigger
				className={className}
				data-square={square ? "" : undefined}
				data-kind={kind}
				aria-label={square ? label : undefined}
				autoFocus={defaultOpen}
			>
				{children}
			</Base.Trigger>
			<Base.Portal>
				<Base.Positioner className="positioner" sideOffset={4} align="end">
					<Base.Popup className="menu" aria-label={label}>
						{entries.map((e) => (
							<Base.Item
								key={e.label}
								className="menu-item"
								disabled={Boolean(e.not)}
								render={e.to ? <Link href={e.to} /> : undefined}
								onClick={e.act}
								title={e.not || undefined}
							>
								{e.icon && <Icon name={e.icon} />}
								<span>
									{e.label}
									{e.not && <span className="only-read">: {e.not}</span>}
								</span>
								{e.key && <kbd className="end">{e.key}</kbd>}
							</Base.Item>
						))}
					</Base.Popup>
				</Base.Positioner>
			</Base.Portal>
		</Base.Root>
	);
}
