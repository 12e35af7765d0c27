/* All keys of the page that is open. */

import { Dialog } from "../parts/dialog";
import { Button } from "../parts/small";
import { keysNow } from "./keys";

export default function KeyList({ close }: { close: () => void }) {
	const rows = [
		{ key: "Ctrl K", label: "Find or paste anything" },
		...keysNow(),
		{ key: "← →", label: "In the tree: close and open" },
		{ key: "Home End", label: "In the tree: first and last" },
		{ key: "*", label: "In the tree: open all beside this one" },
		{ key: "A … Z", label: "In the tree: the next that begins so" },
		{ key: "Ctrl X", label: "In the tree: cut, to move it" },
		{ key: "Ctrl V", label: "In the tree: move what is cut below this one" },
	];
	return (
		<Dialog
			title="Keys of this page"
			close={close}
			foot={
				<div className="dialog-foot">
					<Button onClick={close}>Close</Button>
				</div>
			}
		>
			<dl className="dialog-body keylist">
				{rows.map((k) => (
					<div className="row" key={k.key}>
						<dt>{k.label}</dt>
						<dd className="end row">
							{k.key.split(" ").map((part) => (
								<kbd key={part}>{part}</kbd>
							))}
						</dd>
					</div>
				))}
			</dl>
		</Dialog>
	);
}
