/* The picture beside the doors: a tree, in which one node is meant. */

const nodes: [level: number, width: number][] = [
	[0, 205],
	[1, 209],
	[2, 220],
	[3, 138],
	[3, 221],
	[4, 247],
	[4, 114],
	[4, 167],
	[4, 113],
	[4, 100],
	[4, 191],
	[4, 247],
	[2, 130],
	[3, 93],
	[4, 106],
	[3, 99],
	[3, 151],
	[4, 97],
	[4, 173],
	[4, 241],
	[4, 222],
	[4, 165],
	[4, 91],
	[2, 111],
	[3, 161],
	[4, 231],
];
const meant = 9;

export function DoorArt() {
	return (
		<div className="door-art">
			<svg viewBox="0 0 720 900" preserveAspectRatio="xMinYMin slice" aria-hidden="true">
				{nodes.map(([level, width], i) => {
					const x = 90 + level * 44;
					const y = 70 + i * 34;
					return (
						<g key={i} className={i === meant ? "hot" : undefined}>
							<rect
								x={x}
								y={y}
								width="13"
								height="13"
								rx="3"
								fill={i === 0 || i === meant ? "currentColor" : "none"}
								stroke="currentColor"
								strokeWidth="1.6"
							/>
							<rect x={x + 26} y={y + 4} width={width} height="5" rx="2.5" fill="currentColor" />
						</g>
					);
				})}
			</svg>
		</div>
	);
}
