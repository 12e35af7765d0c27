/* Where a branch goes: looked up by name or number. What cannot be chosen says why. */

import { useId, useState, type KeyboardEvent } from "react";
import { url } from "../../api/client";
import { useMayAt } from "../../api/me";
import type { Organization } from "../../api/resources";
import { useRead } from "../../api/query";
import { useFind, type Found } from "../../frame/find";
import { Icon, Kind } from "../../parts/icons";
import { Typed } from "../../parts/small";
import { t } from "../../words/message";

interface TargetProps {
	/** What is moved, and what it is below. */
	id: string;
	from?: string;
	organizations: string;
	choose: (f: Found) => void;
}

export function Target({ id, from, organizations, choose }: TargetProps) {
	const [text, setText] = useState("");
	const [shown, setShown] = useState(false);
	const [at, setAt] = useState(0);
	const listId = useId();
	const { text: asked, found } = useFind(shown ? text : "", "organizations", organizations);
	const rows = found ?? [];
	const why = useImpossible(id, from, organizations, rows);
	const current = rows[Math.min(at, rows.length - 1)];
	const take = (f: Found | undefined) => {
		if (!f || why(f.id)) return;
		choose(f);
		setText(f.name);
		setShown(false);
	};
	const onKey = (e: KeyboardEvent) => {
		if (e.nativeEvent.isComposing) return;
		if (e.key === "ArrowDown" || e.key === "ArrowUp") {
			e.preventDefault();
			setShown(true);
			const by = e.key === "ArrowDown" ? 1 : -1;
			if (rows.length > 0) setAt((Math.min(at, rows.length - 1) + by + rows.length) % rows.length);
		} else if (e.key === "Enter") {
			e.preventDefault();
			if (asked === text.trim()) take(current); // otherwise what is listed was found for another text
		} else if (e.key === "Escape" && shown && rows.length > 0) {
			e.stopPropagation();
			setShown(false);
		}
	};
	return (
		<div className="stack gap1">
			<label className="with-icon">
				<Icon name="search" />
				<span className="only-read">{t("organization.moveTarget.whereTo")}</span>
				<input
					className="input"
					role="combobox"
					aria-autocomplete="list"
					aria-expanded={shown && rows.length > 0}
					aria-controls={listId}
					aria-activedescendant={shown && current ? `${listId}-${current.id}` : undefined}
					placeholder={t("organization.moveTarget.whereToNameOrNumber")}
					autoComplete="off"
					spellCheck={false}
					value={text}
					onChange={(e) => {
						setText(e.target.value);
						setShown(true);
						setAt(0);
					}}
					onKeyDown={onKey}
					autoFocus
				/>
			</label>
			<div id={listId} className="picker" role="listbox" aria-label={t("organization.moveTarget.whereTo")}>
				{shown &&
					rows.map((f) => {
						const not = why(f.id);
						return (
							<div
								key={f.id}
								id={`${listId}-${f.id}`}
								className="match"
								role="option"
								aria-selected={f === current}
								aria-disabled={not ? true : undefined}
								data-highlighted={f === current ? "" : undefined}
								onClick={() => take(f)}
							>
								<Kind kind={f.kind} />
								<span className="cut">
									<Typed>{f.name}</Typed>
									<br />
									<span className="second quiet">{not || <Typed>{f.second}</Typed>}</span>
								</span>
							</div>
						);
					})}
			</div>
			{shown && found?.length === 0 && <p className="second">{t("organization.moveTarget.noOrganizationHasThatIn")}</p>}
		</div>
	);
}

/** Returns why each of some organizations cannot be where a branch goes, false for one that can. */
function useImpossible(id: string, from: string | undefined, organizations: string, found: Found[]): (target: string) => string | false {
	const ids = found.map((f) => f.id);
	const may = useMayAt(ids);
	const inside = useRead<Organization[]>(
		ids.length
			? url(organizations, {
					"filter[ancestor]": id,
					"filter[id]": ids.join(","),
					"fields[organizations]": "name",
					"page[size]": 100,
				})
			: null,
		{ every: false, keep: true },
	);
	return (target) => {
		if (target === id) return t("common.thatIsWhatIsMoved");
		if (target === from) return t("common.itIsThereAlready");
		if (inside.data?.data.some((o) => o.id === target)) return t("common.thatIsInsideOfWhat");
		return may.has(target) && !may(target, "organizations:write") && t("common.itTakesOrganizationsWriteThere");
	};
}
