import { createPlant, LAMP, SENSOR, point, profile } from './agent/field/plant.ts';
import { many } from './agent/field/line/line-plant.ts';
const patient=(points,over={})=>profile('patient',Array.from({length:points},(_,i)=>point(`p${i}`,{semantic:'presence',table:'holding',address:16+3*i,poll:'fast'})),{quirks:{...LAMP.quirks,singleOnly:[[0,65535]],responseTimeoutMs:5000,retries:9,...over}});
const [, , LAMPS, ABS, PTS, CMD]=process.argv.map(Number);
for (const pace of [5,150,250,450,700,950,1200,1500,3000,4900]) {
 const res=[];
 for (let seed=0;seed<6;seed++){
  const plant=createPlant({devices:{...many(LAMPS,LAMP),S1:SENSOR,...many(ABS,patient(PTS),'X'),R1:patient(1)}});
  for(let i=1;i<=ABS;i++)plant.sim.silence(plant.addressOf(`X${i}`));
  plant.unit('R1').turnaroundMs=pace;
  await plant.field.start();
  let met=null,good=null;
  await plant.clock.advance(seed*37);
  for(let s=0;s<1800&&good===null;s++){
    if(CMD&&s%CMD===0)for(let i=1;i<=LAMPS;i++)void plant.write(`L${i}`,30+s%70,{lane:'command'});
    await plant.clock.advance(500);
    if(met===null&&plant.field.devices().find(d=>d.id==='R1').lastSeenMs!==null)met=plant.clock.monoMs()/1000;
    if(plant.readings.some(r=>r.pointId==='R1.p0'&&r.quality==='good'))good=plant.clock.monoMs()/1000;
  }
  res.push(`${met?.toFixed(0)}/${good?.toFixed(0)}`);
  await plant.field.stop();
 }
 console.log('pace',pace,'met/good s:',res.join(' '));
}
