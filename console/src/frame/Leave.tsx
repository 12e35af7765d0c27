/* Asks before what is typed is lost. */

import { Dialog } from "../parts/dialog";
import { Button } from "../parts/small";
import { decide } from "../parts/unsaved";

export default function Leave() {
	return (
		<Dialog
			title="Leave what is not saved?"
			intro="You have typed something on this page that is not saved."
			close={() => decide(false)}
			foot={
				<div className="dialog-foot">
					<Button kind="main" onClick={() => decide(false)}>
						Stay here
					</Button>
					<Button onClick={() => decide(true)}>Leave, and lose it</Button>
				</div>
			}
		>
			{null}
		</Dialog>
	);
}
