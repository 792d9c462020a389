# What runs in the group, in several shapes
$vms = Get-AzVM -ResourceGroupName lab -Status

$report = $vms | Select-Object Name,
    @{ Name = 'Size'; Expression = { $_.HardwareProfile.VmSize } },
    @{ n = 'OS'; e = { $_.StorageProfile.OsDisk.OsType } },
    @{ n = 'DataDisks'; e = { $_.StorageProfile.DataDisks.Count } },
    @{ n = 'Role'; e = { if ($_.Tags.Count) { $_.Tags['role'] } else { '-' } } },
    PowerState

'--- all machines'
$report | Sort-Object Size, Name -Descending | Format-Table -AutoSize

'--- by size'
$report | Group-Object Size | Sort-Object Count -Descending | Format-Table Count, Name

'--- by role'
$report | Group-Object -Property Role -NoElement | Sort-Object Name

'--- stopped'
$report | Where-Object { $_.PowerState -ne 'VM running' } | ForEach-Object { $_.Name }

'--- numbers'
$report | Measure-Object -Property DataDisks -Sum -Average -Maximum | Select-Object Count, Sum, Average, Maximum | Format-List
"{0:P0} of the machines run" -f (@($report | Where-Object PowerState -eq 'VM running').Count / $report.Count)

'--- as CSV'
$report | Sort-Object Name | Select-Object Name, Size, Role | ConvertTo-Csv -NoTypeInformation

'--- the first one'
$report | Sort-Object Name | Select-Object -First 1 | Format-List
