/* Choosing words: the service's own as a matrix of types and verbs, those of applications as chips. What one does not hold one cannot give. */

import "../styles/reading.css";
import "../styles/making.css";
import { useId, useState } from "react";
import { holds } from "../api/me";
import { url } from "../api/client";
import type { Resource } from "../api/document";
import { useRead } from "../api/query";
import { Check } from "../parts/field";
import { Icon } from "../parts/icons";
import { Button, Typed } from "../parts/small";
import { others, subjects } from "./permissions";
import { t } from "../words/message";

const verbNames: Record<string, string> = {
	read: t("screens.permissionMatrix.read"),
	write: t("screens.permissionMatrix.write"),
	delete: t("screens.permissionMatrix.delete"),
};

export const verbs = Object.keys(verbNames);

/** The head of a table of types and verbs. */
export function MatrixHead() {
	return (
		<thead>
			<tr>
				<th scope="col">{t("common.type")}</th>
				{verbs.map((v) => (
					<th key={v} scope="col">
						{verbNames[v]}
					</th>
				))}
			</tr>
		</thead>
	);
}

interface MatrixProps {
	label: string;
	value: string[];
	onChange: (value: string[]) => void;
	may: (word: string) => boolean;
	/** Whether all words at once can be chosen: keys can have that, roles cannot. */
	all?: boolean;
	/** What it is compared with: where it differs is marked. */
	before?: string[];
	/** The place whose applications' words are offered. */
	at?: string;
	wrong?: string;
}

const lacks = t("screens.permissionMatrix.youDoNotHoldIt");

export function PermissionMatrix({ label, value, onChange, may, all, before, at, wrong }: MatrixProps) {
	const everything = all ? value.includes("*") : undefined;
	const set = (word: string, on: boolean) => {
		const [type, verb] = word.split(":");
		// Writing includes reading, so reading is not named beside it.
		const rest = value.filter((w) => w !== word && !(on && verb === "write" && w === `${type}:read`));
		onChange((on ? [...rest, word] : rest).toSorted());
	};
	const grey = subjects.some((s) => s.verbs.some((v) => !may(`${s.type}:${v}`)));
	return (
		<fieldset className="stack gap3">
			<legend className="label">{label}</legend>
			{wrong && <p className="fault">{wrong}</p>}
			{everything !== undefined && (may("*") || everything) && (
				<Check
					label={t("common.everything")}
					hint={t("screens.permissionMatrix.everyWordAlsoThoseThat")}
					checked={everything}
					onChange={(on) => onChange(on ? ["*"] : [])}
				/>
			)}
			{!everything && (
				<>
					<table className="table matrix">
						<caption className="only-read">{label}</caption>
						<MatrixHead />
						<tbody>
							{subjects.map((s) => (
								<tr key={s.type}>
									<th scope="row">{s.type}</th>
									{verbs.map((v) => (
										<td key={v}>
											{s.verbs.includes(v) && (
												<Cell word={`${s.type}:${v}`} value={value} before={before} may={may} set={set} />
											)}
										</td>
									))}
								</tr>
							))}
						</tbody>
					</table>
					{grey && <p className="hint">{t("screens.permissionMatrix.whatIsGreyYouDo")}</p>}
					<OtherWords value={value} before={before} may={may} set={set} at={at} />
				</>
			)}
		</fieldset>
	);
}

interface CellProps {
	word: string;
	value: string[];
	before?: string[];
	may: (word: string) => boolean;
	set: (word: string, on: boolean) => void;
}

function Cell({ word, value, before, may, set }: CellProps) {
	const on = holds(value, word);
	const included = on && !value.includes(word);
	const not = !may(word) && !value.includes(word);
	return (
		<span className="matrix-cell">
			<input
				type="checkbox"
				aria-label={word}
				checked={on}
				disabled={included || not}
				title={included ? t("screens.permissionMatrix.writingIncludesIt") : not ? lacks : undefined}
				onChange={(e) => set(word, e.target.checked)}
			/>
			{before && <Differs now={on} before={holds(before, word)} />}
		</span>
	);
}

/** Marks what differs from what it is compared with, by a sign and not by colour alone. */
function Differs({ now, before }: { now: boolean; before: boolean }) {
	if (now === before) return null;
	return (
		<span className="tag" data-is={now ? "ok" : "bad"}>
			<span aria-hidden="true">{now ? "+" : "−"}</span>
			<span className="only-read">{now ? t("screens.permissionMatrix.given") : t("screens.permissionMatrix.taken")}</span>
		</span>
	);
}

type Permission = Resource<{ permission?: string; own?: boolean }>;

function OtherWords({ value, before = [], may, set, at }: Omit<CellProps, "word"> & { at?: string }) {
	const id = useId();
	const [text, setText] = useState("");
	const known = useRead<Permission[]>(at && may("roles:read") ? url("permissions", { "filter[usableAt]": at }) : null, { every: false });
	const offered = (known.data?.data ?? []).filter((p) => !p.attributes.own).map((p) => p.attributes.permission ?? "");
	const mine = others(value);
	const gone = others(before).filter((w) => w !== "*" && !value.includes(w));
	const word = text.trim();
	const not = !word
		? t("screens.permissionMatrix.typeAWordFirst")
		: !/^[a-z][a-z0-9._:-]{0,63}$/.test(word)
			? t("screens.permissionMatrix.aSmallLetterThenSmall")
			: !may(word) && lacks;
	const add = () => {
		if (not) return;
		set(word, true);
		setText("");
	};
	return (
		<div className="stack tight">
			<label className="label" htmlFor={id}>
				{t("screens.permissionMatrix.otherWordsWhichApplicationsAsk")}
			</label>
			<div className="row wrap">
				{mine.map((w) => (
					<button
						key={w}
						className="chip"
						type="button"
						data-on=""
						aria-label={t("screens.permissionMatrix.takeOut", { w })}
						onClick={() => set(w, false)}
					>
						<b className="mono">
							<Typed>{w}</Typed>
						</b>
						{!before.includes(w) && before.length > 0 && (
							<span className="only-read">{t("screens.permissionMatrix.given")}</span>
						)}
						<Icon name="close" />
					</button>
				))}
				{gone.map((w) => (
					<button
						key={w}
						className="chip"
						type="button"
						aria-label={t("screens.permissionMatrix.putBack", { w })}
						onClick={() => set(w, true)}
					>
						<s className="mono">{w}</s>
						<Icon name="again" />
					</button>
				))}
			</div>
			<div className="row">
				<input
					className="input"
					id={id}
					list={`${id}-known`}
					placeholder="invoices:approve"
					value={text}
					aria-describedby={`${id}-said`}
					onChange={(e) => setText(e.target.value)}
					onKeyDown={(e) => {
						if (e.key !== "Enter" || e.nativeEvent.isComposing) return;
						e.preventDefault();
						add();
					}}
					autoComplete="off"
					spellCheck={false}
				/>
				<datalist id={`${id}-known`}>
					{offered
						.filter((w) => !mine.includes(w))
						.map((w) => (
							<option key={w} value={w} />
						))}
				</datalist>
				<Button not={not} onClick={add}>
					{t("screens.permissionMatrix.add")}
				</Button>
			</div>
			<p className="hint" id={`${id}-said`}>
				{word ? not : ""}
			</p>
		</div>
	);
}
