/* What is shown in place of a screen that has a mistake in it: the rest of the console goes on. */

import { Component, type ReactNode } from "react";
import { Icon } from "./icons";

interface Props {
	/** Where one is: another place is tried again. */
	at: string;
	children: ReactNode;
}

export class Boundary extends Component<Props, { at: string | null }> {
	override state = { at: null };

	static getDerivedStateFromError() {
		return { at: "" };
	}

	static getDerivedStateFromProps(props: Props, state: { at: string | null }) {
		if (state.at === null) return null;
		if (state.at === "") return { at: props.at };
		return state.at === props.at ? null : { at: null };
	}

	override render() {
		if (this.state.at === null) return this.props.children;
		return (
			<div className="page">
				<div className="empty" role="alert">
					<h1>This page is broken</h1>
					<p className="second">That is a mistake in the console, not in your data. The other pages work; so does the API.</p>
					<button className="button" type="button" onClick={() => location.reload()}>
						<Icon name="again" />
						Load it again
					</button>
				</div>
			</div>
		);
	}
}
