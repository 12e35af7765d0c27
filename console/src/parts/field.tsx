/* A field of a form, with what is wrong with it beside it. */

import { Typed } from "./small";
import { useId, type InputHTMLAttributes, type ReactNode, type TextareaHTMLAttributes } from "react";

interface FieldProps {
	label: ReactNode;
	hint?: ReactNode;
	/** What is wrong with it. */
	wrong?: string;
	/** Stands at the end of the line of the label. */
	beside?: ReactNode;
}

export function Field({ label, hint, wrong, beside, ...input }: FieldProps & InputHTMLAttributes<HTMLInputElement>) {
	const id = useId();
	return (
		<div className="field">
			<FieldHead id={id} label={label} beside={beside} />
			<input className="input" id={id} aria-invalid={wrong ? true : undefined} aria-describedby={`${id}-said`} {...input} />
			<Said id={id} hint={hint} wrong={wrong} />
		</div>
	);
}

export function TextField({ label, hint, wrong, beside, ...input }: FieldProps & TextareaHTMLAttributes<HTMLTextAreaElement>) {
	const id = useId();
	return (
		<div className="field">
			<FieldHead id={id} label={label} beside={beside} />
			<textarea
				className="input"
				id={id}
				rows={3}
				aria-invalid={wrong ? true : undefined}
				aria-describedby={`${id}-said`}
				{...input}
			/>
			<Said id={id} hint={hint} wrong={wrong} />
		</div>
	);
}

export function Choice({
	label,
	hint,
	wrong,
	beside,
	value,
	onChange,
	options,
	disabled,
}: FieldProps & {
	value: string;
	onChange: (value: string) => void;
	options: { value: string; label: string }[];
	disabled?: boolean;
}) {
	const id = useId();
	return (
		<div className="field">
			<FieldHead id={id} label={label} beside={beside} />
			<select
				className="input"
				id={id}
				value={value}
				disabled={disabled}
				aria-describedby={`${id}-said`}
				onChange={(e) => onChange(e.target.value)}
			>
				{options.map((o) => (
					<option key={o.value} value={o.value}>
						{o.label}
					</option>
				))}
			</select>
			<Said id={id} hint={hint} wrong={wrong} />
		</div>
	);
}

export function Check({
	label,
	hint,
	checked,
	onChange,
	disabled,
	not,
}: {
	label: ReactNode;
	hint?: ReactNode;
	checked: boolean;
	onChange: (checked: boolean) => void;
	disabled?: boolean;
	not?: string | false;
}) {
	const id = useId();
	return (
		<div className="check" title={not || undefined}>
			<input
				type="checkbox"
				id={id}
				checked={checked}
				disabled={disabled || Boolean(not)}
				aria-describedby={`${id}-said`}
				onChange={(e) => onChange(e.target.checked)}
			/>
			<label htmlFor={id}>{typeof label === "string" ? <Typed>{label}</Typed> : label}</label>
			<p className="hint" id={`${id}-said`}>
				{not || (typeof hint === "string" ? <Typed>{hint}</Typed> : hint)}
			</p>
		</div>
	);
}

function FieldHead({ id, label, beside }: { id: string; label: ReactNode; beside?: ReactNode }) {
	if (!beside) return <label htmlFor={id}>{label}</label>;
	return (
		<div className="row">
			<label className="label" htmlFor={id}>
				{label}
			</label>
			<span className="end second">{beside}</span>
		</div>
	);
}

function Said({ id, hint, wrong }: { id: string; hint?: ReactNode; wrong?: string }) {
	return (
		<div id={`${id}-said`}>
			{wrong && <p className="fault">{wrong}</p>}
			{hint && !wrong && <p className="hint">{hint}</p>}
		</div>
	);
}
