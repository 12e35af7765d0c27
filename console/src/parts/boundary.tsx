/* What is shown in place of a screen that cannot be shown, because it has a mistake in it: the rest goes on. */

import { Component, type ReactNode } from "react";
import { Icon } from "./icons";
import { t } from "../words/message";

interface Props {
	/** Where one is: another place is tried again. */
	at: string;
	children: ReactNode;
}

interface State {
	/** Where it went wrong, null for nowhere. */
	at: string | null;
}

export class Boundary extends Component<Props, State> {
	override state: State = { at: null };

	static getDerivedStateFromError() {
		return { at: "" };
	}

	static getDerivedStateFromProps(props: Props, state: State) {
		if (state.at === null) return null;
		if (state.at === "") return { at: props.at };
		return state.at === props.at ? null : { at: null };
	}

	override render() {
		if (this.state.at === null) return this.props.children;
		return (
			<div className="page">
				<div className="empty" role="alert">
					<h1>{t("parts.boundary.thisPageIsBroken")}</h1>
					<p className="second">{t("parts.boundary.thatIsAMistakeIn")}</p>
					<button className="button" type="button" onClick={() => location.reload()}>
						<Icon name="again" />
						{t("common.again")}
					</button>
				</div>
			</div>
		);
	}
}
