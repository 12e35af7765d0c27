/* What the palette finds, as a page: it leads on when it is one thing. */

import { useState } from "react";
import { Link, Redirect, useSearchParams } from "wouter";
import { organizationsOf } from "../api/me";
import { usePage } from "../frame/page";
import { useFind } from "../frame/find";
import { icons, typesFor, whereIs } from "../frame/where";
import { Refused } from "../parts/failure";
import { FindField } from "../parts/find-field";
import { Icon, Kind } from "../parts/icons";
import { Empty, Ghosts, Typed } from "../parts/small";
import type { ScreenProps } from "../Console";
import { rich, t } from "../words/message";

export default function Find({ me }: ScreenProps) {
	const [query] = useSearchParams();
	const text = query.get("q") ?? "";
	const [again, setAgain] = useState(0);
	const { found: all, text: asked, failed } = useFind(text, typesFor(text), organizationsOf(me), again);
	const found = all?.filter((f) => whereIs(f));
	usePage({ title: t("screens.find.find", { text }), crumbs: [{ name: t("screens.find.find2") }] });
	if (failed && asked === text.trim())
		return (
			<div className="page">
				<Refused error={failed} again={() => setAgain(again + 1)} />
			</div>
		);
	if (!text.trim())
		return (
			<div className="page stack gap4">
				<h1>{t("screens.find.find2")}</h1>
				<FindField />
			</div>
		);
	if (!found || asked !== text.trim())
		return (
			<div className="page">
				<Ghosts />
			</div>
		);
	const only = found.length === 1 ? found[0] : undefined;
	if (only) return <Redirect to={whereIs(only) ?? "/"} replace />;
	return (
		<div className="page stack gap4">
			<h1>{rich("screens.find.foundFor", { text: <Typed>{text}</Typed> })}</h1>
			{found.length === 0 && (
				<Empty title={t("screens.find.nothingIsCalledSo")} action={<FindField />}>
					{t("screens.find.whatYouMayNotSee")}
				</Empty>
			)}
			<ul>
				{found.map((f) => (
					<li key={f.id}>
						<Link className="match" href={whereIs(f) ?? "/"}>
							{f.type === "organizations" ? <Kind kind={f.kind} /> : <Icon name={icons[f.type] ?? "next"} />}
							<span className="cut">
								<Typed>{f.name}</Typed>
								<br />
								<span className="second quiet">
									<Typed>{f.second}</Typed>
								</span>
							</span>
						</Link>
					</li>
				))}
			</ul>
		</div>
	);
}
