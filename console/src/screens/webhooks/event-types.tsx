/* Which events an endpoint gets: all of them, groups, or single types, from the list that the service has. */

import "../../styles/making.css";
import type { Resource } from "../../api/document";
import { url } from "../../api/client";
import { useRead } from "../../api/query";
import { words } from "../permissions";
import { Segments } from "../../parts/choices";
import { t } from "../../words/message";

type EventType = Resource<{ description?: string }>;

/** Reads the types of events that there are. */
export function useEventTypes(): { name: string; description: string }[] | undefined {
	const { data } = useRead<EventType[]>(url("event-types"), { every: false });
	return data?.data.map((t) => ({ name: t.id, description: t.attributes.description ?? "" }));
}

/** The word for every type but those of endpoints. */
export const everything = "*";

interface TypesProps {
	/** Everything alone, or groups and types; none before one is chosen. */
	value: string[];
	onChange: (value: string[]) => void;
	may: (word: string) => boolean;
	wrong?: string;
}

export function EventTypesField({ value, onChange, may, wrong }: TypesProps) {
	const types = useEventTypes();
	const chosen = !value.includes(everything);
	const groups = [...new Set(types?.map((t) => groupOf(t.name)))];
	const toggle = (word: string, on: boolean) => {
		// What a group includes is not named beside it.
		const rest = value.filter((v) => v !== word && !(on && word.endsWith(".*") && v.startsWith(word.slice(0, -1))));
		onChange(on ? [...rest, word] : rest);
	};
	return (
		<fieldset className="stack tight" aria-describedby="event-types-said">
			<legend className="label">{t("common.whatItGets")}</legend>
			<Segments
				label={t("common.whatItGets")}
				className="fit"
				of={[
					["all", t("common.everything")],
					["some", t("webhooks.eventTypes.chosenTypes")],
				]}
				value={chosen ? "some" : "all"}
				choose={(which) => (which === "all" ? onChange([everything]) : !chosen && onChange([]))}
			/>
			<div id="event-types-said">
				{wrong && <p className="fault">{wrong}</p>}
				{!chosen && !wrong && <p className="hint">{t("webhooks.eventTypes.whatHappensToEndpointsThemselves")}</p>}
			</div>
			{chosen && (
				<ul className="types" tabIndex={0} aria-label={t("webhooks.eventTypes.typesOfEvents")}>
					{groups.map((group) => {
						const all = `${group}.*`;
						const word = wordFor(group);
						const not = word && !may(word) ? t("webhooks.eventTypes.itTakesHere", { word }) : undefined;
						return (
							<li key={group}>
								<TypeBox
									name={all}
									hint={not ?? t("webhooks.eventTypes.allOfThemAndThose")}
									checked={value.includes(all)}
									disabled={Boolean(not) && !value.includes(all)}
									onChange={(on) => toggle(all, on)}
								/>
								<ul>
									{(types ?? [])
										.filter((t) => groupOf(t.name) === group)
										.map((t) => (
											<li key={t.name}>
												<TypeBox
													name={t.name}
													hint={t.description}
													checked={value.includes(all) || value.includes(t.name)}
													disabled={value.includes(all) || (Boolean(not) && !value.includes(t.name))}
													onChange={(on) => toggle(t.name, on)}
												/>
											</li>
										))}
								</ul>
							</li>
						);
					})}
				</ul>
			)}
		</fieldset>
	);
}

/** Returns the group of a type: that of user.created is user. */
function groupOf(type: string): string {
	return type.split(".")[0] ?? "";
}

/** Returns the word that it takes to get events of a group, where it is that of its resources. */
function wordFor(group: string): string | undefined {
	const word = `${group}s:read`;
	return words.includes(word) ? word : undefined;
}

function TypeBox({
	name,
	hint,
	checked,
	disabled,
	onChange,
}: {
	name: string;
	hint: string;
	checked: boolean;
	disabled: boolean;
	onChange: (on: boolean) => void;
}) {
	return (
		<label className="type" title={hint}>
			<input type="checkbox" checked={checked} disabled={disabled} onChange={(e) => onChange(e.target.checked)} />
			<span className="mono">{name}</span>
			<span className="hint">{hint}</span>
		</label>
	);
}
